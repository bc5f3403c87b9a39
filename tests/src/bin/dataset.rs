//! Prints the data set of the benchmarks as JSON lines, one relation per line, so that other
//! systems can be loaded with the same.

use clap::Parser;
use std::io::{BufWriter, Write as _, stdout};
use tests::dataset::Plan;

/// Prints who may do what in a made-up deployment, as JSON lines, one relation a line.
#[derive(Debug, Parser)]
struct Arguments {
    /// About so many grants; items, accounts and groups grow with them.
    #[arg(long, default_value_t = 10_000)]
    grants: u64,
    /// Another seed, another data set of the same shape.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let plan = Plan::new(arguments.grants).with_seed(arguments.seed);
    let mut out = BufWriter::new(stdout().lock());
    for relation in plan.relations() {
        serde_json::to_writer(&mut out, &relation)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}

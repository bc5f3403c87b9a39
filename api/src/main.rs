//! The binary `sharelog`.

fn main() -> std::process::ExitCode {
    api::cli::main()
}

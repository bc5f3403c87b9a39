//! Counts and seeds of generated tests: small by default, large in `scripts/soak.sh`.
//!
//! Both follow proptest's own settings, so that one pair of variables governs all suites:
//! `PROPTEST_CASES`, 256 of which are the usual count, and `PROPTEST_RNG_SEED`.

use proptest::test_runner::{Config, RngSeed};
use std::ops::Range;

/// The count that `PROPTEST_CASES` has unless it is set.
const USUAL_CASES: u32 = 256;

/// How many cases a test has that usually has `usual`.
pub fn cases(usual: u32) -> u32 {
    (usual * Config::default().cases / USUAL_CASES).max(1)
}

/// Settings for a test that usually has `usual` cases.
pub fn config(usual: u32) -> Config {
    Config { cases: cases(usual), ..Config::default() }
}

/// The seeds for a test that usually has `usual` of them: from 0, unless a seed is set.
pub fn seeds(usual: u32) -> Range<u64> {
    let first = seed().unwrap_or_default();
    first..first + u64::from(cases(usual))
}

/// The seed that is set, if any.
pub fn seed() -> Option<u64> {
    match Config::default().rng_seed {
        RngSeed::Fixed(seed) => Some(seed),
        RngSeed::Random => None,
    }
}

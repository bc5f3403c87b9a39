//! Upcasts: turn an old stored payload into the current version. Pure, one step per version.

use serde_json::Value;

/// One step: the payload of `from` becomes the payload of `from + 1`.
pub type Step = fn(Value) -> Result<Value, String>;

/// Every step ever needed: stored name, version it starts from, step.
const STEPS: &[(&str, u32, Step)] = &[];

/// Raises a payload from its stored version to the current one with the release's own steps.
pub(super) fn to_version(name: &str, from: u32, to: u32, data: Value) -> Result<Value, String> {
    run(STEPS, name, from, to, data)
}

/// Raises a payload with a given table of steps.
pub fn run(
    steps: &[(&str, u32, Step)],
    name: &str,
    from: u32,
    to: u32,
    data: Value,
) -> Result<Value, String> {
    (from..to).try_fold(data, |data, version| {
        let step = steps.iter().find(|(known, start, _)| *known == name && *start == version);
        step.map_or_else(
            || Err(format!("no upcast from version {version}")),
            |(_, _, step)| step(data),
        )
    })
}

//! Upcasts: turn an old stored payload into the current version. Pure, one step per version.

use super::EventType;
use serde_json::Value;

/// One step: the payload of `from` becomes the payload of `from + 1`.
pub type Upcast = fn(Value) -> Result<Value, String>;

/// Every step ever needed: type of the event, version it starts from, step.
const STEPS: &[(EventType, u32, Upcast)] = &[];

/// Raises a payload from its stored version to the current one with the release's own steps.
pub(super) fn to_version(event_type: EventType, from: u32, data: Value) -> Result<Value, String> {
    run(STEPS, event_type, from, event_type.version(), data)
}

/// Raises a payload with a given table of steps.
pub fn run(
    steps: &[(EventType, u32, Upcast)],
    event_type: EventType,
    from: u32,
    to: u32,
    data: Value,
) -> Result<Value, String> {
    (from..to).try_fold(data, |data, version| {
        let step = steps.iter().find(|(known, start, _)| *known == event_type && *start == version);
        step.map_or_else(
            || Err(format!("no upcast from version {version}")),
            |(_, _, step)| step(data),
        )
    })
}

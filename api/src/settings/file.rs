//! The TOML file of settings: the same names as the flags, with `_`; unknown ones are errors.

use super::{ServeOptions, SettingsError, StoreOptions};
use serde::de::DeserializeOwned;
use std::{fs, path::Path};
use toml::{Table, Value};

/// Reads the file. No error shows a value: one may be a password.
pub(super) fn read(path: &Path) -> Result<(StoreOptions, ServeOptions), SettingsError> {
    let text = fs::read_to_string(path).map_err(|error| {
        SettingsError(format!("cannot read the settings file {}: {error}", path.display()))
    })?;
    parse(&text).map_err(|error| SettingsError(format!("{}: {}", path.display(), error.0)))
}

fn parse(text: &str) -> Result<(StoreOptions, ServeOptions), SettingsError> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(0, |span| {
            text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1
        });
        SettingsError(format!("line {line} is not valid TOML"))
    })?;
    for key in table.keys() {
        let known = || StoreOptions::KEYS.iter().chain(ServeOptions::KEYS);
        if !known().any(|known| known == key) {
            let known: Vec<&str> = known().copied().collect();
            return Err(SettingsError(format!(
                "unknown setting `{key}`; known are {}",
                known.join(", ")
            )));
        }
    }
    Ok((part(&table, StoreOptions::KEYS)?, part(&table, ServeOptions::KEYS)?))
}

fn part<T: DeserializeOwned>(table: &Table, keys: &[&str]) -> Result<T, SettingsError> {
    let mine: Table = table
        .iter()
        .filter(|(key, _)| keys.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    // One at a time first, so that the message can name the key.
    for (key, value) in &mine {
        let one: Table = std::iter::once((key.clone(), value.clone())).collect();
        one.try_into::<T>()
            .map_err(|_| SettingsError(format!("`{key}` cannot be {}", in_words(value))))?;
    }
    mine.try_into().map_err(|_| SettingsError("the settings do not fit together".to_owned()))
}

fn in_words(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "this text",
        Value::Integer(_) => "this number",
        Value::Float(_) => "a fraction",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a time",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let error = parse("dta = \"x\"").unwrap_err();
        assert!(error.0.contains("unknown setting `dta`"), "{error}");
        assert!(error.0.contains("data"), "{error}");
    }

    #[test]
    fn an_error_names_the_key_and_shows_no_value() {
        let error = parse("log = \"nats://me:hunter2@x\"\nlisten = \"hunter2\"").unwrap_err();
        assert_eq!(error.0, "`listen` cannot be this text");
        let error = parse("log = \"nats://me:hunter2@x").unwrap_err();
        assert_eq!(error.0, "line 1 is not valid TOML");
    }
}

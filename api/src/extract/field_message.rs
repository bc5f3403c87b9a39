//! Plain messages about wrong values, because parsers use words that mean nothing to the sender.

use super::page::MAX_PAGE_ROWS;

/// The text between the first two backticks.
fn quoted(text: &str) -> &str {
    text.split('`').nth(1).unwrap_or_default()
}

/// Every text between backticks.
fn all_quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

fn listed(names: &[&str]) -> String {
    format!("`{}`", names.join("`, `"))
}

/// A type, as a reader of JSON calls it.
fn kind(expected: &str) -> String {
    let words = match expected {
        "a string" | "string" | "string or map" | "map with a single key" => "a text",
        "a boolean" => "`true` or `false`",
        "a sequence" => "a list",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number from 0 on",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "unit" => "null",
        of_rust if is_composed(of_rust) => "an object",
        // What a type says of itself.
        own => own,
    };
    words.to_owned()
}

/// Words for a type that has fields.
fn is_composed(expected: &str) -> bool {
    let starts =
        ["struct ", "internally tagged enum ", "adjacently tagged enum ", "tuple struct ", "map"];
    expected == "a map" || starts.iter().any(|start| expected.starts_with(start))
}

/// What was sent, without its content: it may be a secret in the wrong place.
fn sent(unexpected: &str) -> String {
    let words = match unexpected.split(' ').next().unwrap_or_default() {
        "string" | "character" => "a text",
        "integer" => return quoted(unexpected).to_owned(),
        "floating" => "a fraction",
        "boolean" => "true or false",
        "map" => "an object",
        "sequence" => "a list",
        "null" | "unit" | "Option" => "null",
        _ => "this",
    };
    words.to_owned()
}

/// A number in a query, by the name of its parameter.
fn number(name: &str) -> String {
    match name {
        "limit" => format!("a whole number from 1 to {MAX_PAGE_ROWS} is expected"),
        name if name.ends_with("position") => "a whole number from 1 on is expected".to_owned(),
        _ => "a whole number is expected".to_owned(),
    }
}

/// The complaint of a parser about the value of this name in plain words. `also` are fields that
/// are known beside those of the type.
pub(super) fn field_message(name: &str, complaint: &str, also: &[String]) -> String {
    if let Some(rest) = complaint.strip_prefix("unknown field ") {
        let (unknown, known) = rest.split_once("`, ").unwrap_or((rest, ""));
        let known: Vec<&str> =
            all_quoted(known).into_iter().chain(also.iter().map(String::as_str)).collect();
        let unknown = unknown.trim_matches('`');
        return if known.is_empty() {
            format!("there is no field `{unknown}` here, nor any other")
        } else {
            format!("there is no field `{unknown}` here; known are {}", listed(&known))
        };
    }
    if let Some(rest) = complaint.strip_prefix("unknown variant ") {
        let (unknown, known) = rest.split_once("`, ").unwrap_or((rest, ""));
        let known = all_quoted(known);
        let one_of = if known.len() == 1 { "" } else { "one of " };
        let unknown = unknown.trim_matches('`');
        return format!("`{unknown}` is not possible; {one_of}{} is expected", listed(&known));
    }
    if complaint.starts_with("missing field ") {
        return format!("`{}` is missing", quoted(complaint));
    }
    if complaint.starts_with("duplicate field ") {
        return format!("`{}` is sent more than once", quoted(complaint));
    }
    let of_a_type = ["invalid type: ", "invalid value: ", "invalid length "];
    if let Some(rest) = of_a_type.iter().find_map(|start| complaint.strip_prefix(start))
        && let Some((unexpected, expected)) = rest.rsplit_once(", expected ")
    {
        return format!("{} is expected, not {}", kind(expected), sent(unexpected));
    }
    match complaint {
        "invalid digit found in string"
        | "cannot parse integer from empty string"
        | "number too large to fit in target type"
        | "number too small to fit in target type" => number(name),
        "provided string was not `true` or `false`" => "`true` or `false` is expected".to_owned(),
        // Ids, times and the like say themselves what is expected.
        own => own.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::{Value, json};

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Colour {
        Red,
        Green,
    }

    #[derive(Debug, Deserialize)]
    #[serde(tag = "type", rename_all = "snake_case")]
    #[expect(dead_code, reason = "only its refusals are looked at")]
    enum Tagged {
        Plain { id: String },
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its refusals are looked at")]
    struct Everything {
        text: Option<String>,
        small: Option<u32>,
        flag: Option<bool>,
        list: Option<Vec<String>>,
        colour: Option<Colour>,
        tagged: Option<Tagged>,
        inner: Option<Box<Everything>>,
        fraction: Option<f64>,
    }

    fn told(value: Value) -> String {
        field_message(
            "",
            &serde_json::from_value::<Everything>(value).unwrap_err().to_string(),
            &[],
        )
    }

    #[test]
    fn no_word_of_a_parser_or_a_type_is_left() {
        let cases = [
            (json!({"text": 7}), "a text is expected, not 7"),
            (json!({"text": {"a": 1}}), "a text is expected, not an object"),
            (json!({"small": "7"}), "a whole number from 0 to 4294967295 is expected, not a text"),
            (json!({"small": -1}), "a whole number from 0 to 4294967295 is expected, not -1"),
            (
                json!({"small": 1.5}),
                "a whole number from 0 to 4294967295 is expected, not a fraction",
            ),
            (json!({"flag": "yes"}), "`true` or `false` is expected, not a text"),
            (json!({"list": "x, expected u32"}), "a list is expected, not a text"),
            (json!({"colour": 7}), "a text is expected, not 7"),
            (json!({"colour": {}}), "a text is expected, not an object"),
            (
                json!({"colour": "blue"}),
                "`blue` is not possible; one of `red`, `green` is expected",
            ),
            (json!({"tagged": "x"}), "an object is expected, not a text"),
            (json!({"tagged": {}}), "`type` is missing"),
            (json!({"tagged": {"type": "plain"}}), "`id` is missing"),
            (json!({"tagged": {"type": "x"}}), "`x` is not possible; `plain` is expected"),
            (json!({"inner": "x"}), "an object is expected, not a text"),
            (json!({"fraction": "x"}), "a number is expected, not a text"),
        ];
        for (value, words) in cases {
            assert_eq!(told(value.clone()), words, "{value}");
        }
    }

    #[test]
    fn known_fields_include_those_that_are_read_beside_the_type() {
        let complaint = "unknown field `rolle`, expected one of `role`, `label`";
        let also = ["reason".to_owned(), "ticket".to_owned()];
        assert_eq!(
            field_message("", complaint, &also),
            "there is no field `rolle` here; known are `role`, `label`, `reason`, `ticket`"
        );
        let complaint = "unknown field `x`, there are no fields";
        assert_eq!(field_message("", complaint, &[]), "there is no field `x` here, nor any other");
    }

    #[test]
    fn numbers_of_a_query_say_which_are_possible() {
        let digit = "invalid digit found in string";
        assert_eq!(field_message("limit", digit, &[]), "a whole number from 1 to 200 is expected");
        assert_eq!(
            field_message("at_position", digit, &[]),
            "a whole number from 1 on is expected"
        );
    }
}

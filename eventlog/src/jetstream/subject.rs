//! Names of streams as NATS subjects and back.

use domain::stream::StreamName;

/// The subject of a stream below a prefix, e.g. `sharelog.log.item.history.8f3a`. Dots of an id,
/// which NATS reserves, become `=2E`; no id holds a `=`, so this is reversible.
pub fn from_stream(stream: &StreamName, prefix: &str) -> String {
    let name = stream.to_string();
    let mut subject = String::with_capacity(prefix.len() + name.len() + 9);
    subject.push_str(prefix);
    subject.push('.');
    for character in name.chars() {
        match character {
            '.' => subject.push_str("=2E"),
            '/' => subject.push('.'),
            other => subject.push(other),
        }
    }
    subject
}

/// The stream of a subject below a prefix; `None` = it is not one of ours.
pub(super) fn to_stream(subject: &str, prefix: &str) -> Option<StreamName> {
    let tokens = subject.strip_prefix(prefix)?.strip_prefix('.')?;
    let name: StreamName = tokens.replace('.', "/").replace("=2E", ".").parse().ok()?;
    (from_stream(&name, prefix) == subject).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::testing::streams;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_stream_reads_back_from_its_subject(stream in streams()) {
            let subject = from_stream(&stream, "sharelog.log");
            prop_assert!(!subject.contains([' ', '*', '>', '\t']), "{subject}");
            prop_assert!(subject.split('.').all(|token| !token.is_empty()), "{subject}");
            prop_assert_eq!(to_stream(&subject, "sharelog.log"), Some(stream));
        }

        #[test]
        fn two_streams_never_have_one_subject(one in streams(), two in streams()) {
            prop_assert_eq!(from_stream(&one, "p") == from_stream(&two, "p"), one == two);
        }

        #[test]
        fn any_subject_is_a_stream_of_exactly_this_subject_or_none(subject in "\\PC{0,60}") {
            if let Some(stream) = to_stream(&subject, "p") {
                prop_assert_eq!(from_stream(&stream, "p"), subject);
            }
        }
    }
}

//! The one tokenizer, so that both engines find and rank alike.

use std::collections::BTreeMap;

/// The longest word kept, in characters; longer ones are cut, in texts and in questions alike.
const MAX_WORD_CHARS: usize = 64;
/// The most words of a question that count.
const MAX_QUERY_WORDS: usize = 16;

/// The lower-cased runs of letters and digits (Unicode), in order.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.to_lowercase().chars().take(MAX_WORD_CHARS).collect())
}

/// The words of a question, each once, in order, at most 16.
pub fn query_words(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in words(text) {
        if found.len() < MAX_QUERY_WORDS && !found.contains(&word) {
            found.push(word);
        }
    }
    found
}

/// What titles and tags are compared by: lower-cased, as long as an index can hold.
pub fn sort_key(text: &str) -> String {
    text.trim().to_lowercase().chars().take(200).collect()
}

/// What an occurrence in each part of an entry weighs.
const WEIGHT_TITLE: i64 = 8;
const WEIGHT_TAG: i64 = 4;
const WEIGHT_DESCRIPTION: i64 = 1;

/// Each word of an entry with its weight: that of the weightiest part it occurs in.
pub fn weighted_words(
    title: &str,
    tags: &[String],
    description: Option<&str>,
) -> BTreeMap<String, i64> {
    let parts = [(WEIGHT_TITLE, title)]
        .into_iter()
        .chain(tags.iter().map(|tag| (WEIGHT_TAG, tag.as_str())))
        .chain(description.map(|text| (WEIGHT_DESCRIPTION, text)));
    let mut found = BTreeMap::new();
    for (weight, text) in parts {
        for word in words(text) {
            let known: &mut i64 = found.entry(word).or_default();
            *known = weight.max(*known);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_lower_cased_runs_of_letters_and_digits() {
        let found: Vec<_> = words("RNA-seq 4: Über_größe, Δelta (naïve) 東京").collect();
        assert_eq!(found, ["rna", "seq", "4", "über", "größe", "δelta", "naïve", "東京"]);
    }

    #[test]
    fn a_word_weighs_as_much_as_its_weightiest_part() {
        let found =
            weighted_words("RNA", &["rna".to_owned(), "cell".to_owned()], Some("a cell's rna"));
        assert_eq!(found.get("rna"), Some(&8));
        assert_eq!(found.get("cell"), Some(&4));
        assert_eq!(found.get("s"), Some(&1));
    }
}

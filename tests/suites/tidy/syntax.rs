//! What the checks read in source files: modules, paths, definitions and string literals.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::BTreeSet;

/// Segments of a path; the path of a module begins at the root of its package.
pub(crate) type Segments = Vec<String>;

/// What the files of one package say. Code under `#[cfg(test)]` and documentation are left out.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// Modules, those of the files and those written in place.
    pub(crate) modules: BTreeSet<Segments>,
    /// Module, and a path that it names, as it is written.
    pub(crate) paths: Vec<(Segments, Segments)>,
    /// Module, the name that it imports or re-exports (`*` for all), and the path of that.
    pub(crate) imports: Vec<(Segments, String, Segments)>,
    /// Module, and the name of something that is defined in it.
    pub(crate) defined: BTreeSet<(Segments, String)>,
    /// Module, and the name of a type that is defined in it.
    pub(crate) types: Vec<(Segments, String)>,
    /// Names of functions and methods.
    pub(crate) functions: BTreeSet<String>,
    /// Module, and the text of a string literal outside attributes.
    pub(crate) literals: Vec<(Segments, String)>,
}

impl Source {
    /// Adds the file that is the module `module`.
    pub(crate) fn add(&mut self, module: &[&str], text: &str) -> Result<(), proc_macro2::LexError> {
        let module: Segments = module.iter().map(|&name| name.to_owned()).collect();
        self.modules.insert(module.clone());
        self.read(text.parse()?, &module, true);
        Ok(())
    }

    /// Reads tokens of a module; `items` are those of the module itself, not of a body in it.
    fn read(&mut self, tokens: TokenStream, module: &Segments, items: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    at += usize::from(is_punct(tokens.get(at), '!'));
                    let attribute = stream(tokens.get(at));
                    at += usize::from(attribute.is_some());
                    let attribute = attribute.unwrap_or_default();
                    if attribute.to_string().replace(' ', "") == "cfg(test)" {
                        at = after_item(&tokens, at, items);
                    } else {
                        // Texts of attributes are documentation.
                        let literals = self.literals.len();
                        self.read(attribute, module, false);
                        self.literals.truncate(literals);
                    }
                }
                TokenTree::Ident(ident) => {
                    let word = ident.to_string();
                    at = self.read_word(&word, &tokens, at, (module, items));
                }
                TokenTree::Group(group) => self.read(group.stream(), module, false),
                TokenTree::Literal(literal) => {
                    self.literals.extend(text_of(literal).map(|text| (module.clone(), text)));
                }
                TokenTree::Punct(_) => {}
            }
        }
    }

    /// Reads what begins with `word`; the next token is at `at`. Answers where to go on.
    fn read_word(
        &mut self,
        word: &str,
        tokens: &[TokenTree],
        at: usize,
        (module, items): (&Segments, bool),
    ) -> usize {
        let name = match tokens.get(at) {
            Some(TokenTree::Ident(name)) => Some(name.to_string()),
            _ => None,
        };
        match (word, name) {
            ("use", name) if name.is_some() => {
                let end = (at..tokens.len()).find(|&end| is_punct(tokens.get(end), ';'));
                let end = end.unwrap_or(tokens.len());
                self.read_use(&tokens[at..end], &mut Segments::new(), module);
                end
            }
            ("mod", Some(name)) if items => {
                let inner = [module.as_slice(), &[name]].concat();
                match stream(tokens.get(at + 1)) {
                    Some(body) => {
                        self.modules.insert(inner.clone());
                        self.read(body, &inner, true);
                        at + 2
                    }
                    None => at + 1,
                }
            }
            ("const", Some(name)) if name == "fn" => at,
            ("crate" | "super" | "self", _) => {
                let (path, end) = path_from(word, tokens, at);
                if path.len() > 1 {
                    self.paths.push((module.clone(), path));
                }
                end
            }
            (
                "fn" | "struct" | "enum" | "trait" | "union" | "type" | "const" | "static",
                Some(name),
            ) => {
                self.define(word, name, module, items);
                at + 1
            }
            _ => at,
        }
    }

    fn define(&mut self, word: &str, name: String, module: &Segments, items: bool) {
        if word == "fn" {
            self.functions.insert(name.clone());
        }
        if items && !["fn", "const", "static"].contains(&word) {
            self.types.push((module.clone(), name.clone()));
        }
        if items {
            self.defined.insert((module.clone(), name));
        }
    }

    /// Reads a tree of imports; `before` is the path that leads to it.
    fn read_use(&mut self, tokens: &[TokenTree], before: &mut Segments, module: &Segments) {
        let length = before.len();
        let mut name = None;
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Ident(ident) if ident == "as" => {
                    name = tokens.get(at + 1).map(ToString::to_string);
                    break;
                }
                TokenTree::Ident(ident) => before.push(ident.to_string()),
                TokenTree::Punct(punct) if punct.as_char() == '*' => before.push("*".to_owned()),
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    for tree in inner.split(|token| is_punct(Some(token), ',')) {
                        if !tree.is_empty() {
                            self.read_use(tree, before, module);
                        }
                    }
                    before.truncate(length);
                    return;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
        let mut path = before.clone();
        before.truncate(length);
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let last = path.last().cloned().unwrap_or_default();
        if last == "*" {
            path.pop();
        }
        self.imports.push((module.clone(), name.unwrap_or(last), path.clone()));
        self.paths.push((module.clone(), path));
    }
}

/// The path that begins with `word`, and where it ends.
fn path_from(word: &str, tokens: &[TokenTree], mut at: usize) -> (Segments, usize) {
    let mut path = vec![word.to_owned()];
    while is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':') {
        let Some(TokenTree::Ident(segment)) = tokens.get(at + 2) else { break };
        path.push(segment.to_string());
        at += 3;
    }
    (path, at)
}

/// Where the item ends that begins at `at`: behind its body or its semicolon.
fn after_item(tokens: &[TokenTree], at: usize, items: bool) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';' || (punct.as_char() == ',' && !items),
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    };
    (at..tokens.len()).find(|&end| ends(&tokens[end])).map_or(tokens.len(), |end| end + 1)
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn stream(token: Option<&TokenTree>) -> Option<TokenStream> {
    match token {
        Some(TokenTree::Group(group)) => Some(group.stream()),
        _ => None,
    }
}

/// The text of a string literal between its quotes, escapes as they are written.
fn text_of(literal: &proc_macro2::Literal) -> Option<String> {
    let written = literal.to_string();
    let (_, text) = written.trim_end_matches('#').split_once('"')?;
    text.strip_suffix('"').map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Source {
        let mut source = Source::default();
        source.add(&["here"], text).expect("Rust");
        source
    }

    fn joined(paths: &[(Segments, Segments)]) -> Vec<String> {
        paths.iter().map(|(module, path)| [module.join("/"), path.join("::")].join(" ")).collect()
    }

    #[test]
    fn paths_are_found_in_imports_bodies_and_inner_modules() {
        let source = read(
            "use crate::{a::{self, B as C}, d::*};
             pub(crate) fn f() -> impl Fn() + use<> { super::g::h::<u8>(); x!(crate::m::N) }
             mod inner { use super::K; }",
        );
        assert_eq!(
            joined(&source.paths),
            [
                "here crate::a",
                "here crate::a::B",
                "here crate::d",
                "here super::g::h",
                "here crate::m::N",
                "here/inner super::K"
            ]
        );
        let names: Vec<&str> = source.imports.iter().map(|import| import.1.as_str()).collect();
        assert_eq!(names, ["a", "C", "*", "K"]);
    }

    #[test]
    fn tests_and_documentation_are_left_out() {
        let source = read(
            "//! `crate::a`
             /// \"item.registered\" crate::b
             #[error(\"c\")] struct S;
             #[cfg(test)] mod tests { use crate::d; struct T; }
             #[cfg(test)] use crate::e::{F, G};
             const TEXT: &str = r#\"h \"i\"\"#; // crate::j",
        );
        assert!(source.paths.is_empty(), "{:?}", source.paths);
        let texts: Vec<&str> = source.literals.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["h \"i\""]);
        assert_eq!(source.types, [(vec!["here".to_owned()], "S".to_owned())]);
    }

    #[test]
    fn types_are_those_of_modules_and_functions_those_of_all() {
        let source = read(
            "struct A; pub enum B {} type C = A; mod m { trait D {} }
             impl A { type E = u8; fn f() { struct G; fn h() {} } }",
        );
        let types: Vec<&str> = source.types.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(types, ["A", "B", "C", "D"]);
        assert_eq!(source.functions, ["f".to_owned(), "h".to_owned()].into());
    }
}

//! Circles between modules: siblings of one folder that use each other.

use super::syntax::{Segments, Source};
use std::collections::{BTreeMap, BTreeSet};

/// How many re-exports a path may lead through.
const MAX_EXPORTS: usize = 8;

/// For each folder, which of its modules uses which, and in which places.
pub(crate) type Uses = BTreeMap<Segments, BTreeMap<(String, String), BTreeSet<String>>>;

impl Source {
    /// Siblings that use each other. A module and its children count as one.
    pub(crate) fn circles(&self) -> Vec<String> {
        let mut circles = Vec::new();
        for (folder, uses) in self.uses() {
            let pairs: BTreeSet<_> = uses.keys().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            for circle in circles_of(&pairs) {
                let inside = |name: &str| circle.contains(name);
                let uses = uses.iter().filter(|((a, b), _)| inside(a) && inside(b));
                let lines = uses.map(|((from, to), places)| {
                    let places: Vec<&str> = places.iter().map(String::as_str).collect();
                    format!("    {from} -> {to} in {}", places.join(", "))
                });
                let names: Vec<&str> = circle.iter().copied().collect();
                let title = format!("{}: {}", folder.join("/"), names.join(", "));
                circles.push([title].into_iter().chain(lines).collect::<Vec<_>>().join("\n"));
            }
        }
        circles
    }

    fn uses(&self) -> Uses {
        let mut uses = Uses::new();
        for (from, path) in &self.paths {
            let Some(to) = self.module_of(from, path, 0) else { continue };
            let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            if let (Some(a), Some(b)) = (from.get(common), to.get(common)) {
                let folder = uses.entry(from[..common].to_vec()).or_default();
                let places = folder.entry((a.clone(), b.clone())).or_default();
                places.insert(from.join("/"));
            }
        }
        uses
    }

    /// The module in which that stands which `path` names in `from`, through re-exports; nothing
    /// when it is of another package.
    fn module_of(&self, from: &[String], path: &[String], exports: usize) -> Option<Segments> {
        let mut rest = path;
        let mut module = from.to_vec();
        let mut relative = true;
        while let Some((first, behind)) = rest.split_first() {
            match first.as_str() {
                "crate" => module.clear(),
                "super" => drop(module.pop()),
                "self" => {}
                _ => break,
            }
            relative = false;
            rest = behind;
        }
        while let Some((first, behind)) = rest.split_first() {
            let child = [module.as_slice(), std::slice::from_ref(first)].concat();
            if self.modules.contains(&child) {
                module = child;
                relative = false;
                rest = behind;
                continue;
            }
            if relative {
                return None;
            }
            let exported = self.exported(&module, first, exports);
            return match exported {
                Some(target) => {
                    self.module_of(&module, &[target, behind.to_vec()].concat(), exports + 1)
                }
                None => Some(module),
            };
        }
        Some(module)
    }

    /// The path of what a module names but does not define.
    fn exported(&self, module: &Segments, name: &str, exports: usize) -> Option<Segments> {
        if exports > MAX_EXPORTS || self.defined.contains(&(module.clone(), name.to_owned())) {
            return None;
        }
        let mut imports = self.imports.iter().filter(|(place, _, _)| place == module);
        if let Some((_, _, path)) = imports.clone().find(|(_, known, _)| known == name) {
            return Some(path.clone());
        }
        imports.find_map(|(_, known, path)| {
            let target = (known == "*").then(|| self.module_of(module, path, exports + 1))??;
            let there = self.defined.contains(&(target.clone(), name.to_owned()))
                || self.imports.iter().any(|(place, known, _)| *place == target && known == name);
            there.then(|| [path.clone(), vec![name.to_owned()]].concat())
        })
    }
}

/// The groups of two or more that reach each other.
fn circles_of<'a>(pairs: &BTreeSet<(&'a str, &'a str)>) -> BTreeSet<BTreeSet<&'a str>> {
    let reached = |start: &'a str| {
        let mut seen = BTreeSet::new();
        let mut open = vec![start];
        while let Some(from) = open.pop() {
            let next = pairs.iter().filter(|(a, _)| *a == from).map(|(_, b)| *b);
            open.extend(next.filter(|name| seen.insert(*name)));
        }
        seen
    };
    let names: BTreeSet<&str> = pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        names.into_iter().map(|name| (name, reached(name))).collect();
    let circle = |(name, seen): (&&'a str, &BTreeSet<&'a str>)| {
        let back = seen.iter().copied().filter(|other| reach[other].contains(*name));
        back.collect::<BTreeSet<&str>>()
    };
    reach.iter().map(circle).filter(|circle| circle.len() > 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(files: &[(&[&str], &str)]) -> Vec<String> {
        let mut source = Source::default();
        for (module, text) in files {
            source.add(module, text).expect("Rust");
        }
        let titles = source.circles().into_iter();
        titles.map(|circle| circle.lines().next().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn modules_that_use_each_other_are_a_circle_through_any_number_of_others() {
        let files: [(&[&str], &str); 4] = [
            (&["a"], "use crate::b::B;"),
            (&["b"], "fn f() { crate::c::g() }"),
            (&["c"], "use super::{a::A, d};"),
            (&["d"], "struct D;"),
        ];
        assert_eq!(circles(&files), [": a, b, c"]);
    }

    #[test]
    fn a_module_counts_with_its_children_and_siblings_count_in_their_folder() {
        let files: [(&[&str], &str); 5] = [
            (&["a"], "mod x; mod y;"),
            (&["a", "x"], "use super::y::Y;"),
            (&["a", "y"], "use super::x::X; use crate::b::B;"),
            (&["b"], ""),
            (&["b", "z"], "use crate::a::x::X;"),
        ];
        assert_eq!(circles(&files), [": a, b", "a: x, y"]);
    }

    #[test]
    fn a_parent_and_its_child_are_no_circle() {
        let files: [(&[&str], &str); 2] =
            [(&["a"], "pub use x::X; struct A;"), (&["a", "x"], "use super::A; struct X;")];
        assert!(circles(&files).is_empty());
    }

    #[test]
    fn what_a_parent_exports_is_used_where_it_is_defined() {
        let named: [(&[&str], &str); 3] = [
            (&[], "pub use b::B;"),
            (&["a"], "use crate::B;"),
            (&["b"], "use crate::a; struct B;"),
        ];
        assert_eq!(circles(&named), [": a, b"]);
        let all: [(&[&str], &str); 3] = [
            (&[], "pub use b::*;"),
            (&["a"], "use crate::B;"),
            (&["b"], "use crate::a; struct B;"),
        ];
        assert_eq!(circles(&all), [": a, b"]);
        let own: [(&[&str], &str); 3] = [
            (&[], "pub use b::B; struct R;"),
            (&["a"], "use crate::R;"),
            (&["b"], "use crate::a;"),
        ];
        assert!(circles(&own).is_empty());
    }

    #[test]
    fn other_packages_are_none_of_ours() {
        let files: [(&[&str], &str); 2] =
            [(&["a"], "use domain::b::B;"), (&["b"], "use crate::a::A;")];
        assert!(circles(&files).is_empty());
    }
}

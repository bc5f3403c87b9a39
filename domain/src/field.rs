//! Paths of fields in commands: names, and places in lists.

use std::fmt;

/// One step of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldStep {
    /// A field by its name.
    Name(&'static str),
    /// A place in a list, from 0.
    Place(usize),
}

/// Which field of a command is meant, e.g. `grants.3.role`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPath(Vec<FieldStep>);

impl FieldPath {
    /// A place in the list that this field is.
    #[must_use]
    pub fn place(mut self, place: usize) -> Self {
        self.0.push(FieldStep::Place(place));
        self
    }

    /// A field of what is here.
    #[must_use]
    pub fn field(mut self, name: &'static str) -> Self {
        self.0.push(FieldStep::Name(name));
        self
    }

    /// The steps from the outside to the inside.
    pub fn steps(&self) -> &[FieldStep] {
        &self.0
    }
}

impl From<&'static str> for FieldPath {
    fn from(name: &'static str) -> Self {
        Self(vec![FieldStep::Name(name)])
    }
}

impl fmt::Display for FieldStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Place(place) => place.fmt(f),
        }
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.0.iter().enumerate() {
            write!(f, "{}{step}", if number == 0 { "" } else { "." })?;
        }
        Ok(())
    }
}

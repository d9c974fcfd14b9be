//! Where in a model or a policy something is: the way from its root to one field.

/// One step of the way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A named field, in the spelling of the document.
    Field(&'static str),
    /// An element of a list, counted from zero.
    Index(usize),
    /// An entry under a key that the author chose.
    Key(String),
}

/// The way from the root; the empty way is the root itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Path(Vec<Step>);

impl Path {
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// The way to `field` below this one.
    #[must_use]
    pub fn field(&self, field: &'static str) -> Self {
        self.step(Step::Field(field))
    }

    /// The way to element `index` of this list.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.step(Step::Index(index))
    }

    /// The way to the entry under `key`.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.step(Step::Key(key.to_owned()))
    }

    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    fn step(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

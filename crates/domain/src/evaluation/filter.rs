//! Which of a customer's facts a criterion looks at.

use crate::category::CategoryPath;
use crate::fact::Fact;
use std::collections::BTreeSet;

/// What is empty does not restrict.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// These categories and all below them.
    pub categories: BTreeSet<CategoryPath>,
    pub channels: BTreeSet<String>,
    /// The systems that told the facts.
    pub sources: BTreeSet<String>,
}

impl Filter {
    pub fn is_empty(&self) -> bool {
        self.categories.is_empty() && self.channels.is_empty() && self.sources.is_empty()
    }

    pub fn passes(&self, fact: &Fact) -> bool {
        let category = |path: &CategoryPath| {
            let within = |wanted| path.is_within(wanted);
            self.categories.iter().any(within)
        };
        let channel = |channel: &String| self.channels.contains(channel);
        (self.categories.is_empty() || fact.category.as_ref().is_some_and(category))
            && (self.channels.is_empty() || fact.channel.as_ref().is_some_and(channel))
            && (self.sources.is_empty() || self.sources.contains(&fact.source))
    }
}

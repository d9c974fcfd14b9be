//! A product's place in the assortment: a path from the widest category to the narrowest.

use std::fmt;
use std::str::FromStr;

/// A category path such as `drives/servo`; segments are compared as written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CategoryPath(String);

/// A text that is no category path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a category path: 1 to 8 segments of 1 to 80 characters, separated by `/`")]
pub struct InvalidCategory;

impl CategoryPath {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this path is `ancestor` or lies below it: `drives/servo` is within `drives`.
    pub fn is_within(&self, ancestor: &Self) -> bool {
        self.0
            .strip_prefix(ancestor.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The texts of the path and of everything above it, the widest first.
    pub fn with_ancestors(&self) -> impl Iterator<Item = &str> {
        let ends = self.0.match_indices('/').map(|(place, _)| place);
        ends.chain([self.0.len()])
            .filter_map(|end| self.0.get(..end))
    }

    /// How many segments the path has; a deeper path is more specific.
    pub fn depth(&self) -> usize {
        self.0.split('/').count()
    }
}

impl FromStr for CategoryPath {
    type Err = InvalidCategory;

    fn from_str(text: &str) -> Result<Self, InvalidCategory> {
        let fits = |segment: &str| {
            (1..=80).contains(&segment.chars().count())
                && segment.trim() == segment
                && !segment.chars().any(char::is_control)
        };
        if text.split('/').count() > 8 || !text.split('/').all(fits) {
            return Err(InvalidCategory);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for CategoryPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_within_its_ancestors_only() {
        let path = |text: &str| text.parse::<CategoryPath>().unwrap();
        assert!(path("drives/servo").is_within(&path("drives")));
        assert!(path("drives").is_within(&path("drives")));
        assert!(!path("drivesets").is_within(&path("drives")));
        assert!(!path("drives").is_within(&path("drives/servo")));
        let servo = path("drives/servo");
        let held: Vec<&str> = servo.with_ancestors().collect();
        assert_eq!(held, ["drives", "drives/servo"]);
        assert!("a//b".parse::<CategoryPath>().is_err());
        assert!("".parse::<CategoryPath>().is_err());
    }
}

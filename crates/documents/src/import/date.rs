//! Dates in declared formats, which must fit the whole text.

use chrono::NaiveDate;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    Literal(char),
    /// Exactly four digits.
    Year,
    /// Exactly two digits: 2000 to 2099.
    ShortYear,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

/// A format such as `%d-%m-%Y`. Month and day take one or two digits, and exactly two where they
/// touch another number. A time of day is checked and left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DateFormat {
    items: Vec<Item>,
    pub(super) text: String,
}

impl DateFormat {
    /// The format; the sentence says why a text is none.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let mut items = Vec::new();
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            items.push(match letter {
                '%' => directive(letters.next())?,
                digit if digit.is_ascii_digit() => {
                    return Err(format!("`{text}` has a digit; use %Y, %m, %d"));
                }
                other => Item::Literal(other),
            });
        }
        let count = |wanted: &[Item]| items.iter().filter(|item| wanted.contains(item)).count();
        let whole = [
            &[Item::Year, Item::ShortYear][..],
            &[Item::Month],
            &[Item::Day],
        ];
        if whole.iter().any(|wanted| count(wanted) != 1) {
            return Err(format!("`{text}` must have one year, one %m and one %d"));
        }
        Ok(Self {
            items,
            text: text.to_owned(),
        })
    }

    /// The date; none where the text does not fit or is no day of the calendar.
    pub(super) fn parse(&self, text: &str) -> Option<NaiveDate> {
        let (mut year, mut month, mut day) = (0, 0, 0);
        let mut rest = text;
        for (place, item) in self.items.iter().enumerate() {
            if let Item::Literal(letter) = item {
                rest = rest.strip_prefix(*letter)?;
                continue;
            }
            let (number, after) = digits(rest, self.least(place), item.most())?;
            rest = after;
            match item {
                Item::Year => year = number,
                Item::ShortYear => year = 2000 + number,
                Item::Month => month = number,
                Item::Day => day = number,
                Item::Hour if number > 23 => return None,
                Item::Minute | Item::Second if number > 59 => return None,
                _ => {}
            }
        }
        if !rest.is_empty() {
            return None;
        }
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
    }

    fn least(&self, place: usize) -> usize {
        let number = |at: Option<usize>| {
            let item = at.and_then(|at| self.items.get(at));
            item.is_some_and(|item| !matches!(item, Item::Literal(_)))
        };
        let touches = number(place.checked_sub(1)) || number(place.checked_add(1));
        match self.items.get(place) {
            Some(Item::Year) => 4,
            Some(Item::Month | Item::Day | Item::Hour) if !touches => 1,
            _ => 2,
        }
    }
}

impl Item {
    const fn most(self) -> usize {
        match self {
            Self::Year => 4,
            _ => 2,
        }
    }
}

fn directive(letter: Option<char>) -> Result<Item, String> {
    match letter {
        Some('Y') => Ok(Item::Year),
        Some('y') => Ok(Item::ShortYear),
        Some('m') => Ok(Item::Month),
        Some('d') => Ok(Item::Day),
        Some('H') => Ok(Item::Hour),
        Some('M') => Ok(Item::Minute),
        Some('S') => Ok(Item::Second),
        Some('%') => Ok(Item::Literal('%')),
        other => Err(format!(
            "`%{}` is none of %Y %y %m %d %H %M %S",
            other.unwrap_or(' ')
        )),
    }
}

fn digits(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let count = text
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    if count < least {
        return None;
    }
    let (number, rest) = text.split_at_checked(count)?;
    Some((number.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_fits_its_format_as_a_whole() {
        let date = |format: &str, text: &str| {
            let read = DateFormat::new(format).unwrap().parse(text);
            read.map(|day| day.to_string())
        };
        for (format, text, day) in [
            ("%Y-%m-%d", "2013-02-28", Some("2013-02-28")),
            ("%Y-%m-%d", "2013-02-30", None),
            ("%Y-%m-%d", "2013-02-28 ", None),
            ("%Y-%m-%d", " 2013-02-28", None),
            ("%Y-%m-%d", "13-02-28", None),
            ("%Y-%m-%d", "+2013-02-28", None),
            ("%m/%d/%Y", "4/6/2013", Some("2013-04-06")),
            ("%m/%d/%Y", "13/6/2013", None),
            ("%Y%m%d", "19970101", Some("1997-01-01")),
            ("%Y%m%d", "1997111", None),
            ("%m/%d/%y", "2/24/11", Some("2011-02-24")),
            (
                "%Y-%m-%d %H:%M:%S",
                "2013-02-28 23:59:59",
                Some("2013-02-28"),
            ),
            ("%Y-%m-%d %H:%M:%S", "2013-02-28 24:00:00", None),
            ("%d.%m.%Y", "１.2.2013", None),
        ] {
            assert_eq!(date(format, text).as_deref(), day, "{format} {text}");
        }
    }

    #[test]
    fn formats_that_leave_something_open_are_refused() {
        for wrong in ["%Y-%m", "%Y-%m-%d-%d", "%Y-%b-%d", "%", "20%y-%m-%d", ""] {
            assert!(DateFormat::new(wrong).is_err(), "{wrong}");
        }
    }
}

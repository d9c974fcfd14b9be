//! A history as one text: JSON of nothing but lists, days as numbers, most of them as distances.

use crate::error::DbError;
use chrono::{Datelike, NaiveDate};
use std::collections::HashMap;
use tiercel_domain::fact::{DocumentRef, FactKind};
use tiercel_domain::history::{DaySets, History, Rating, Series};
use tiercel_domain::rollups::{MEASURES, Rollup};
use tiercel_domain::scaled::Amount;
use tiercel_domain::settlement::{Entry, EntryKind};

/// Days since the year 1, or since the day before in a list.
type Day = i32;
/// A place in the list of names.
type Name = usize;
type Document = (Name, Name, Name, Option<Name>);
/// First day of a month; the measures that are not zero, by place.
type Month = (Day, Vec<(usize, i64)>);
/// Days, and how many things have exactly these.
type PackedSets = Vec<(Vec<Day>, u64)>;
/// Fact, day, author, value.
type PackedRating = (String, Day, Option<Name>, i64);
/// Fact, settles, day, days until it is due, disputed, amount, document, document followed.
type PackedEntry = (
    String,
    bool,
    Day,
    Option<Day>,
    bool,
    i64,
    Option<Document>,
    Option<Document>,
);
type Packed = (
    Vec<String>,
    Vec<Month>,
    Vec<(String, Vec<Day>)>,
    PackedSets,
    PackedSets,
    Vec<(Day, u8, u64)>,
    Vec<PackedRating>,
    Vec<PackedEntry>,
);

fn corrupt(detail: impl std::fmt::Display) -> DbError {
    DbError::corrupt("customer_history", detail.to_string())
}

/// The texts of a history, each once.
#[derive(Default)]
struct Names<'a> {
    texts: Vec<&'a str>,
    places: HashMap<&'a str, Name>,
}

impl<'a> Names<'a> {
    fn place(&mut self, text: &'a str) -> Name {
        let next = self.texts.len();
        let place = *self.places.entry(text).or_insert(next);
        if place == next {
            self.texts.push(text);
        }
        place
    }

    fn document(&mut self, document: &'a DocumentRef) -> Document {
        (
            self.place(&document.system),
            self.place(&document.kind),
            self.place(&document.id),
            document.line.as_deref().map(|line| self.place(line)),
        )
    }
}

/// Equal histories have equal texts.
pub fn text(history: &History) -> Result<String, DbError> {
    let mut names = Names::default();
    let series = &history.series;
    let months: Vec<Month> = history.months.iter().map(month).collect();
    let days: Vec<(&str, Vec<Day>)> = series
        .days
        .iter()
        .map(|(kind, days)| (kind.word(), distances(days)))
        .collect();
    let (orders, products) = (sets(&series.orders), sets(&series.products));
    let severities: Vec<(Day, u8, u64)> = series
        .severities
        .iter()
        .map(|((on, severity), count)| (number(*on), *severity, *count))
        .collect();
    let ratings: Vec<PackedRating> = series
        .ratings
        .iter()
        .map(|one| {
            let author = one.author.as_deref().map(|author| names.place(author));
            (
                one.fact.to_string(),
                number(one.on),
                author,
                one.value.units(),
            )
        })
        .collect();
    let entries: Vec<PackedEntry> = history
        .entries
        .iter()
        .map(|entry| packed_entry(&mut names, entry))
        .collect();
    let packed = (
        names.texts,
        months,
        days,
        orders,
        products,
        severities,
        ratings,
        entries,
    );
    serde_json::to_string(&packed).map_err(corrupt)
}

fn month((first, rollup): (&NaiveDate, &Rollup)) -> Month {
    let units = rollup.units().into_iter().enumerate();
    (
        number(*first),
        units.filter(|(_, units)| *units != 0).collect(),
    )
}

fn sets(sets: &DaySets) -> PackedSets {
    let sets = sets.iter();
    sets.map(|(days, count)| (distances(days), *count))
        .collect()
}

fn packed_entry<'a>(names: &mut Names<'a>, entry: &'a Entry) -> PackedEntry {
    (
        entry.fact.to_string(),
        entry.kind == EntryKind::Settles,
        number(entry.on),
        entry
            .due_on
            .map(|due| number(due).saturating_sub(number(entry.on))),
        entry.disputed,
        entry.amount.units(),
        entry.document.as_ref().map(|it| names.document(it)),
        entry.follows.as_ref().map(|it| names.document(it)),
    )
}

fn number(day: NaiveDate) -> Day {
    day.num_days_from_ce()
}

fn distances(days: &[NaiveDate]) -> Vec<Day> {
    let mut before = 0;
    days.iter()
        .map(|day| {
            let distance = number(*day).saturating_sub(before);
            before = number(*day);
            distance
        })
        .collect()
}

/// The history that a text was made from.
///
/// # Errors
/// `Corrupt` where no history has this text.
pub fn history(text: &str) -> Result<History, DbError> {
    let (names, months, days, orders, products, severities, ratings, entries): Packed =
        serde_json::from_str(text).map_err(corrupt)?;
    let kind = |word: &str| FactKind::from_word(word).ok_or_else(|| corrupt(word));
    let read = Reading { names: &names };
    Ok(History {
        months: months
            .into_iter()
            .map(read_month)
            .collect::<Result<_, _>>()?,
        series: Series {
            days: days
                .into_iter()
                .map(|(word, days)| Ok((kind(&word)?, read_days(&days)?)))
                .collect::<Result<_, DbError>>()?,
            orders: read_sets(orders)?,
            products: read_sets(products)?,
            severities: severities
                .into_iter()
                .map(|(on, severity, count)| Ok(((read_day(on)?, severity), count)))
                .collect::<Result<_, DbError>>()?,
            ratings: ratings
                .into_iter()
                .map(|rating| read.rating(rating))
                .collect::<Result<_, _>>()?,
        },
        entries: entries
            .into_iter()
            .map(|entry| read.entry(entry))
            .collect::<Result<_, _>>()?,
    })
}

fn read_day(number: Day) -> Result<NaiveDate, DbError> {
    NaiveDate::from_num_days_from_ce_opt(number).ok_or_else(|| corrupt("no day"))
}

fn later(day: Day, distance: Day) -> Result<Day, DbError> {
    day.checked_add(distance).ok_or_else(|| corrupt("no day"))
}

fn read_days(distances: &[Day]) -> Result<Vec<NaiveDate>, DbError> {
    let mut day = 0;
    distances
        .iter()
        .map(|distance| {
            day = later(day, *distance)?;
            read_day(day)
        })
        .collect()
}

fn read_sets(sets: PackedSets) -> Result<DaySets, DbError> {
    sets.into_iter()
        .map(|(days, count)| Ok((read_days(&days)?, count)))
        .collect()
}

fn read_month((first, measures): Month) -> Result<(NaiveDate, Rollup), DbError> {
    let mut units = [0; MEASURES];
    for (place, value) in measures {
        *units.get_mut(place).ok_or_else(|| corrupt("no measure"))? = value;
    }
    Ok((read_day(first)?, Rollup::from_units(units)))
}

struct Reading<'a> {
    names: &'a [String],
}

impl Reading<'_> {
    fn name(&self, place: Name) -> Result<String, DbError> {
        let name = self.names.get(place);
        name.cloned().ok_or_else(|| corrupt("no name"))
    }

    fn document(&self, (system, kind, id, line): Document) -> Result<DocumentRef, DbError> {
        Ok(DocumentRef {
            system: self.name(system)?,
            kind: self.name(kind)?,
            id: self.name(id)?,
            line: line.map(|line| self.name(line)).transpose()?,
        })
    }

    fn rating(&self, (fact, on, author, value): PackedRating) -> Result<Rating, DbError> {
        Ok(Rating {
            fact: fact.parse().map_err(corrupt)?,
            on: read_day(on)?,
            author: author.map(|author| self.name(author)).transpose()?,
            value: Amount::from_units(value),
        })
    }

    fn entry(&self, packed: PackedEntry) -> Result<Entry, DbError> {
        let (fact, settles, on, due, disputed, amount, document, follows) = packed;
        let due_on = due.map(|distance| read_day(later(on, distance)?));
        let document_of = |document: Option<Document>| {
            let document = document.map(|document| self.document(document));
            document.transpose()
        };
        Ok(Entry {
            fact: fact.parse().map_err(corrupt)?,
            kind: if settles {
                EntryKind::Settles
            } else {
                EntryKind::Owes
            },
            on: read_day(on)?,
            document: document_of(document)?,
            follows: document_of(follows)?,
            due_on: due_on.transpose()?,
            disputed,
            amount: Amount::from_units(amount),
        })
    }
}

//! Our open items beside those of a finance system: what one side knows and the other does not.

use crate::fact::DocumentRef;
use crate::scaled::Amount;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// An open item as one side tells it; below zero it is money that settles nothing yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// None of ours where nobody told the document of a bill.
    pub document: Option<DocumentRef>,
    pub due_on: Option<NaiveDate>,
    pub open: Amount,
}

/// What is open of one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    pub due_on: Option<NaiveDate>,
    pub amount: Amount,
}

/// How both sides differ about a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DriftKind {
    /// Finance has it open, we do not.
    Missing,
    /// We have it open, finance does not.
    Extra,
    Amount,
    Due,
    /// Money that settles nothing yet; of no document.
    Credit,
}

impl DriftKind {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Amount => "amount",
            Self::Due => "due",
            Self::Credit => "credit",
        }
    }
}

/// One difference, with what each side has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub kind: DriftKind,
    pub document: Option<DocumentRef>,
    pub ours: Option<Open>,
    pub theirs: Option<Open>,
}

impl Difference {
    /// By how much the amounts differ, without sign.
    pub fn amount(&self) -> Amount {
        let of = |side: Option<Open>| side.map_or(0, |open| open.amount.units());
        let apart = of(self.theirs).saturating_sub(of(self.ours));
        Amount::from_units(apart.saturating_abs())
    }
}

/// How both sides compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciliation {
    /// What is open in all, less money that settles nothing yet.
    pub ours: Amount,
    pub theirs: Amount,
    /// Documents that finance told, each once.
    pub documents: usize,
    /// By document; of one document the amount comes first.
    pub differences: Vec<Difference>,
}

impl Reconciliation {
    /// The sum of all differences of amounts, without signs: two that offset each other count both.
    pub fn drift(&self) -> Amount {
        let apart = self.differences.iter().map(Difference::amount);
        let units = apart.map(Amount::units).fold(0, i64::saturating_add);
        Amount::from_units(units)
    }

    /// Whether somebody should look: amounts differ by more than is tolerated, or a date does.
    pub fn drifted(&self, tolerated: Amount) -> bool {
        let due = |it: &Difference| it.kind == DriftKind::Due;
        self.drift() > tolerated || self.differences.iter().any(due)
    }
}

/// Two items of one line of one document that contradict each other: the place of the later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the same line of the document was told before with another amount or due date")]
pub struct Contradiction(pub usize);

type Documents = BTreeMap<DocumentRef, Open>;

/// Compares what we know with what finance tells, document by document.
///
/// `unallocated` is our money that settles nothing yet. A document that finance tells twice in the
/// same words counts once; its lines add up, and it is due when the last of them is.
///
/// # Errors
/// Where finance tells one line of a document in two ways.
pub fn reconcile(
    ours: &[Told],
    unallocated: Amount,
    theirs: &[Told],
) -> Result<Reconciliation, Contradiction> {
    let (told, credit) = apart(&once(theirs)?);
    let known: Documents = ours.iter().filter_map(|it| Some((whole(it)?, it))).fold(
        Documents::new(),
        |mut known, (document, item)| {
            add(&mut known, document, item);
            known
        },
    );
    let nameless = ours.iter().filter(|it| it.document.is_none());
    let mut differences: Vec<Difference> = nameless
        .map(|it| extra(None, open(it)))
        .chain(between(&known, &told))
        .collect();
    if credit != unallocated {
        let side = |amount: Amount| {
            Some(Open {
                due_on: None,
                amount,
            })
        };
        differences.push(Difference {
            kind: DriftKind::Credit,
            document: None,
            ours: side(unallocated),
            theirs: side(credit),
        });
    }
    let sum = |amounts: &mut dyn Iterator<Item = i64>| amounts.fold(0, i64::saturating_add);
    let ours = sum(&mut ours.iter().map(|it| it.open.units()));
    let theirs = sum(&mut told.values().map(|it| it.amount.units()));
    Ok(Reconciliation {
        ours: Amount::from_units(ours.saturating_sub(unallocated.units())),
        theirs: Amount::from_units(theirs.saturating_sub(credit.units())),
        documents: told.len(),
        differences,
    })
}

const fn open(item: &Told) -> Open {
    Open {
        due_on: item.due_on,
        amount: item.open,
    }
}

/// The document without its line.
fn whole(item: &Told) -> Option<DocumentRef> {
    item.document.as_ref().map(|document| DocumentRef {
        line: None,
        ..document.clone()
    })
}

/// The same line told twice in the same words is one.
fn once(items: &[Told]) -> Result<Vec<&Told>, Contradiction> {
    let mut seen: BTreeMap<&DocumentRef, &Told> = BTreeMap::new();
    let mut kept = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let before = item.document.as_ref().and_then(|it| seen.insert(it, item));
        match before {
            Some(before) if before != item => return Err(Contradiction(place)),
            Some(_) => {}
            None => kept.push(item),
        }
    }
    Ok(kept)
}

fn add(documents: &mut Documents, document: DocumentRef, item: &Told) {
    let known = documents.entry(document).or_insert(Open {
        due_on: None,
        amount: Amount::ZERO,
    });
    let units = known.amount.units().saturating_add(item.open.units());
    known.amount = Amount::from_units(units);
    known.due_on = known.due_on.max(item.due_on);
}

/// What is owed by document, and all that is owed the other way. What is settled is not open.
fn apart(items: &[&Told]) -> (Documents, Amount) {
    let mut all = Documents::new();
    for item in items {
        if let Some(document) = whole(item) {
            add(&mut all, document, item);
        }
    }
    let credit = all.values().map(|it| it.amount.units().min(0));
    let credit = credit.fold(0, i64::saturating_sub);
    all.retain(|_, it| it.amount > Amount::ZERO);
    (all, Amount::from_units(credit))
}

const fn extra(document: Option<DocumentRef>, ours: Open) -> Difference {
    Difference {
        kind: DriftKind::Extra,
        document,
        ours: Some(ours),
        theirs: None,
    }
}

fn between(known: &Documents, told: &Documents) -> Vec<Difference> {
    let mut found = Vec::new();
    for (document, theirs) in told {
        let Some(ours) = known.get(document) else {
            found.push(Difference {
                kind: DriftKind::Missing,
                document: Some(document.clone()),
                ours: None,
                theirs: Some(*theirs),
            });
            continue;
        };
        let differs = [
            (DriftKind::Amount, ours.amount != theirs.amount),
            (DriftKind::Due, ours.due_on != theirs.due_on),
        ];
        found.extend(
            differs
                .into_iter()
                .filter(|(_, differs)| *differs)
                .map(|(kind, _)| Difference {
                    kind,
                    document: Some(document.clone()),
                    // Each amount is told once, so that it counts once.
                    ours: Some(side(kind, ours)),
                    theirs: Some(side(kind, theirs)),
                }),
        );
    }
    let unknown = known
        .iter()
        .filter(|(document, _)| !told.contains_key(*document));
    found.extend(unknown.map(|(document, ours)| extra(Some(document.clone()), *ours)));
    found.sort_by(|one, other| (&one.document, one.kind).cmp(&(&other.document, other.kind)));
    found
}

const fn side(kind: DriftKind, open: &Open) -> Open {
    match kind {
        DriftKind::Due => Open {
            due_on: open.due_on,
            amount: Amount::ZERO,
        },
        _ => *open,
    }
}

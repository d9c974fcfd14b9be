//! What one evaluation has at hand of some customers.

use crate::evaluations::ModelInForce;
use crate::refresh::{Facts, RefreshError};
use crate::store::Source;
use crate::write::Tx;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::evaluation::{Edges, Model, edges};
use tiercel_domain::fact::FactKind;
use tiercel_domain::history::{History, Sums};
use tiercel_domain::ids::CustomerId;
use tiercel_domain::period::{Span, merged};

/// Histories, and facts for what months cannot tell.
pub(crate) struct Known {
    histories: BTreeMap<CustomerId, History>,
    /// Of a customer without facts.
    none: History,
    facts: Facts,
    /// Whether `facts` are all facts, not only those of the months that windows cut.
    is_whole: bool,
}

impl Known {
    /// From every fact. Replaces the rows, for the facts have changed.
    pub(crate) async fn anew(tx: &Tx, ids: &BTreeSet<CustomerId>) -> Result<Self, RefreshError> {
        let facts = Facts::load(tx, ids).await?;
        let histories = super::of_facts(&facts, ids)?;
        super::save(tx, &histories).await?;
        Ok(Self {
            histories,
            none: History::default(),
            facts,
            is_whole: true,
        })
    }

    /// From the rows, and the few facts at the edges of the models' windows as of a date. The
    /// customers must be locked by the write.
    pub(crate) async fn kept(
        tx: &Tx,
        ids: &BTreeSet<CustomerId>,
        model: Option<ModelInForce<'_>>,
        as_of: NaiveDate,
    ) -> Result<Self, RefreshError> {
        let histories = super::load(tx, ids).await?;
        let edges = model
            .map(|model| all_edges(&model, as_of))
            .unwrap_or_default();
        let known = histories.keys().copied().collect();
        Ok(Self {
            histories,
            none: History::default(),
            facts: Facts::of_days(tx, &known, &edges).await?,
            is_whole: false,
        })
    }

    /// The same for a look, by several models, with what a span of days needs besides.
    pub(crate) async fn seen(
        source: &impl Source,
        ids: &BTreeSet<CustomerId>,
        models: &[&Model],
        as_of: NaiveDate,
        span: Span,
    ) -> Result<Self, RefreshError> {
        let histories = super::seen(source, ids).await?;
        let mut wanted = Edges {
            days: span.edges(),
            kinds: BTreeSet::from([FactKind::OrderLine, FactKind::Return, FactKind::Expense]),
        };
        for model in models {
            let edges = edges(model, as_of);
            wanted.days.extend(edges.days);
            wanted.kinds.extend(edges.kinds);
        }
        wanted.days = merged(wanted.days);
        let known = histories.keys().copied().collect();
        Ok(Self {
            histories,
            none: History::default(),
            facts: Facts::of_days(source, &known, &wanted).await?,
            is_whole: false,
        })
    }

    pub(crate) fn history(&self, id: CustomerId) -> &History {
        self.histories.get(&id).unwrap_or(&self.none)
    }

    /// All facts, where they were read.
    pub(crate) fn facts(&self) -> Option<&Facts> {
        self.is_whole.then_some(&self.facts)
    }

    pub(crate) fn sums(&self, id: CustomerId) -> Sums<'_> {
        let facts = self.facts.of(id);
        if self.is_whole {
            return Sums::Facts(facts);
        }
        Sums::Months {
            months: &self.history(id).months,
            edges: facts,
        }
    }
}

/// What any of the models needs.
fn all_edges(models: &ModelInForce<'_>, as_of: NaiveDate) -> Edges {
    let mut all = Edges::default();
    for edges in models.all().map(|model| edges(model, as_of)) {
        all.days.extend(edges.days);
        all.kinds.extend(edges.kinds);
    }
    all.days = merged(all.days);
    all
}

//! Lists of facts are read by index, in their order: nothing is sorted, no table is walked.

use super::read::selected;
use super::{FactFilter, FactPlace};
use crate::{Store, sql, test_store};
use chrono::NaiveDate;
use sea_orm::QueryTrait;
use sea_orm::sea_query::SqliteQueryBuilder;
use tiercel_domain::fact::FactKind;
use tiercel_domain::ids::{CustomerId, FactId};

const DAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();

fn only(restrict: impl FnOnce(&mut FactFilter)) -> FactFilter {
    let mut filter = FactFilter::default();
    restrict(&mut filter);
    filter
}

/// Filters, the index of each, and whether it gives the order too.
fn cases() -> [(FactFilter, &'static str, bool); 9] {
    let invoices = |filter: &mut FactFilter| filter.kind = Some(FactKind::Invoice);
    let until = |filter: &mut FactFilter| filter.occurred_to = Some(DAY);
    let of_erp = |filter: &mut FactFilter| filter.source = Some("erp1".into());
    let both = |filter: &mut FactFilter| {
        invoices(filter);
        until(filter);
    };
    let then = |filter: &mut FactFilter| {
        invoices(filter);
        filter.known_at = Some(7);
    };
    let one = |filter: &mut FactFilter| {
        of_erp(filter);
        filter.external_id = Some("1".into());
    };
    let of_one = |filter: &mut FactFilter| filter.customer = Some(CustomerId::from_bits(1));
    let document = |filter: &mut FactFilter| filter.document_id = Some("R-77".into());
    [
        (only(|_| {}), "fact_in_order", true),
        (only(until), "fact_in_order", true),
        (only(invoices), "fact_by_kind", true),
        (only(both), "fact_by_kind", true),
        (only(then), "fact_by_kind", true),
        (only(of_erp), "fact_by_source", true),
        (only(of_one), "fact_by_day", true),
        (only(one), "fact_current", true),
        // The lines of one document are sorted: they are few.
        (only(document), "fact_by_document", false),
    ]
}

async fn plan(store: &Store, filter: &FactFilter, after: Option<FactPlace>) -> String {
    let query = selected(filter, after, 50).into_query();
    let text = format!("EXPLAIN QUERY PLAN {}", query.to_string(SqliteQueryBuilder));
    let rows = sql::rows(store, &text, Vec::new()).await.unwrap();
    let steps = rows.iter().map(|row| row.try_get("", "detail").unwrap());
    steps.collect::<Vec<String>>().join("\n")
}

#[tokio::test]
async fn every_filter_of_facts_has_its_index() {
    let (_directory, store) = test_store::open().await;
    let place = FactPlace {
        occurred_on: DAY,
        id: FactId::from_bits(9),
    };
    for (filter, index, in_order) in cases() {
        for after in [None, Some(place)] {
            let plan = plan(&store, &filter, after).await;
            let by_index = plan.contains(&format!("INDEX {index}"));
            assert!(by_index, "{filter:?}: {plan}");
            let sorted = plan.contains("TEMP B-TREE");
            assert_eq!(sorted, !in_order, "{filter:?}: {plan}");
        }
    }
}

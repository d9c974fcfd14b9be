//! Facts and reservations together: a bill takes over what was held for its document, a payment
//! frees it, and every amount is counted once.

use super::authorizations::{StoredAuthorization, followed, save, told_beyond};
use super::reserve::{Movement, levels, shift_all};
use super::{Account, accounts, bits, value};
use crate::error::DbError;
use crate::facts;
use crate::rates::{self, RateTable};
use crate::receivables::{self, Receivables};
use crate::sql::{self, MANY};
use crate::write::Tx;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::credit::chain;
use tiercel_domain::credit::{Authorization, Told};
use tiercel_domain::currency::Currency;
use tiercel_domain::fact::DocumentRef;
use tiercel_domain::ids::{CreditAccountId, CustomerId, FactId};
use tiercel_domain::money::{Rounding, round};
use tiercel_domain::scaled::Amount;

/// The largest balance that facts can make; far above it, sums of the database would overflow.
const MOST: i64 = i64::MAX / 64;

/// Brings the accounts of customers up to what their facts tell, after open items were rebuilt.
/// Facts are facts: they may exceed a limit. The customers are held by the write.
pub(crate) async fn follow(
    tx: &Tx,
    customers: &BTreeSet<CustomerId>,
    today: NaiveDate,
) -> Result<(), DbError> {
    let ids: Vec<CustomerId> = customers.iter().copied().collect();
    for chunk in ids.chunks(MANY) {
        let mut found = with_accounts(tx, chunk).await?;
        if found.is_empty() {
            continue;
        }
        let rates = rates::table(tx).await?;
        let owing: BTreeSet<CustomerId> = found.keys().copied().collect();
        for before in followed(tx, &owing).await? {
            let currency = found
                .get(&before.customer)
                .and_then(|all| all.iter().find(|it| it.id == before.account))
                .map(|account| account.currency);
            let exchange = Exchange {
                rates: &rates,
                into: currency,
                on: today,
            };
            follow_document(tx, &before, &exchange, today).await?;
        }
        let receivables = receivables::of_customers(tx, &owing).await?;
        for (customer, accounts) in &mut found {
            let known = receivables.get(customer);
            follow_bills(tx, *customer, accounts, known, &rates, today).await?;
        }
    }
    Ok(())
}

/// Puts the bills that are known on accounts that were just opened. The caller holds the customer.
pub async fn adopt_bills(tx: &Tx, customer: CustomerId, today: NaiveDate) -> Result<(), DbError> {
    follow(tx, &BTreeSet::from([customer]), today).await
}

async fn with_accounts(
    tx: &Tx,
    customers: &[CustomerId],
) -> Result<BTreeMap<CustomerId, Vec<Account>>, DbError> {
    let values = sql::uuids(customers.iter().map(|id| id.bits()));
    let mut found: BTreeMap<CustomerId, Vec<Account>> = BTreeMap::new();
    for account in accounts::of_customers(tx, values).await? {
        if let Some(customer) = account.customer {
            found.entry(customer).or_default().push(account);
        }
    }
    Ok(found)
}

/// Amounts in base currency as they count on an account.
struct Exchange<'a> {
    rates: &'a RateTable,
    /// None = the base currency.
    into: Option<Currency>,
    on: NaiveDate,
}

impl Exchange<'_> {
    /// Rounded up: a risk is not made smaller by a rate. The base currency has no rate, and an
    /// account in a currency without one is never opened.
    fn amount(&self, base: Amount) -> Amount {
        let rate = self.into.and_then(|into| self.rates.on(into, self.on));
        let worth = rate
            .and_then(|(_, rate)| base.decimal().checked_div(rate.decimal()))
            .map(|exact| round(exact, Amount::SCALE, Rounding::Up));
        match worth {
            None => base,
            Some(worth) => capped(worth),
        }
    }

    fn told(&self, told: Told) -> Told {
        Told {
            ordered: self.amount(told.ordered),
            delivered: self.amount(told.delivered),
            invoiced: self.amount(told.invoiced),
        }
    }
}

fn capped(value: Decimal) -> Amount {
    Amount::from_decimal(value).unwrap_or(Amount::from_units(MOST))
}

async fn follow_document(
    tx: &Tx,
    before: &StoredAuthorization,
    exchange: &Exchange<'_>,
    today: NaiveDate,
) -> Result<StoredAuthorization, DbError> {
    let told = facts_of(tx, before.customer, &names(tx, before).await?, today).await?;
    let told = told_beyond(exchange.told(told), before.told_before);
    if told == before.amounts.told {
        return Ok(before.clone());
    }
    let after = StoredAuthorization {
        amounts: Authorization {
            told,
            ..before.amounts
        },
        ..before.clone()
    };
    save(tx, before, after, "followed", &[]).await
}

/// What facts tell of a document, in the currency of an account.
pub async fn told_of(
    tx: &Tx,
    customer: CustomerId,
    document: &DocumentRef,
    currency: Currency,
    today: NaiveDate,
) -> Result<Told, DbError> {
    let rates = rates::table(tx).await?;
    let exchange = Exchange {
        rates: &rates,
        into: Some(currency),
        on: today,
    };
    let documents = std::slice::from_ref(document);
    Ok(exchange.told(facts_of(tx, customer, documents, today).await?))
}

/// A document that followed, by the word of a commit: its facts are those of the authorisation.
/// Answers with the authorisation as it is then.
pub async fn add_document(
    tx: &Tx,
    of: &StoredAuthorization,
    document: &DocumentRef,
    currency: Currency,
    today: NaiveDate,
) -> Result<StoredAuthorization, DbError> {
    let text = "INSERT INTO credit_document (authorization_id, doc_system, doc_kind, doc_id) \
                VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    let values = vec![
        value(of.id.bits()),
        document.system.clone().into(),
        document.kind.clone().into(),
        document.id.clone().into(),
    ];
    sql::run(tx, text, values).await?;
    let rates = rates::table(tx).await?;
    let exchange = Exchange {
        rates: &rates,
        into: Some(currency),
        on: today,
    };
    follow_document(tx, of, &exchange, today).await
}

/// What the document goes by.
async fn names(tx: &Tx, of: &StoredAuthorization) -> Result<Vec<DocumentRef>, DbError> {
    let text = "SELECT doc_system, doc_kind, doc_id FROM credit_document \
                WHERE authorization_id = $1 ORDER BY doc_system, doc_kind, doc_id";
    let rows = sql::rows(tx, text, vec![value(of.id.bits())]).await?;
    let mut names = vec![of.document.clone()];
    for row in &rows {
        names.push(super::document(row)?);
    }
    Ok(names)
}

/// What facts tell of a document by all its names, in base currency.
async fn facts_of(
    tx: &Tx,
    customer: CustomerId,
    documents: &[DocumentRef],
    today: NaiveDate,
) -> Result<Told, DbError> {
    let mut ids = BTreeSet::new();
    for document in documents {
        ids.extend(naming(tx, customer, document).await?);
    }
    let facts = facts::of_ids(tx, customer, &ids).await?;
    Ok(chain::told(documents, &facts, today))
}

/// The facts that name a document, follow it, or bill a delivery of it.
async fn naming(
    tx: &Tx,
    customer: CustomerId,
    document: &DocumentRef,
) -> Result<BTreeSet<FactId>, DbError> {
    let named = |by: &str| format!("f.{by}_system = $2 AND f.{by}_kind = $3 AND f.{by}_id = $4");
    let current = "f.customer_id = $1 AND f.superseded_by IS NULL";
    let text = format!(
        "SELECT f.fact_id FROM fact f WHERE {current} AND {doc} \
         UNION SELECT f.fact_id FROM fact f WHERE {current} AND {follows} \
         UNION SELECT b.fact_id FROM fact f JOIN fact b ON b.customer_id = f.customer_id \
           AND b.superseded_by IS NULL AND b.kind = 'invoice' AND b.follows_id = f.doc_id \
           AND b.follows_system = f.doc_system AND b.follows_kind = f.doc_kind \
         WHERE {current} AND f.kind = 'delivery' AND {follows}",
        doc = named("doc"),
        follows = named("follows"),
    );
    let values = vec![
        value(customer.bits()),
        document.system.clone().into(),
        document.kind.clone().into(),
        document.id.clone().into(),
    ];
    let rows = sql::rows(tx, &text, values).await?;
    rows.iter()
        .map(|row| Ok(FactId::from_bits(bits(row, "fact_id")?)))
        .collect()
}

/// Sets the part of the balances that open bills make. Each is on the account whose authorised
/// document it follows, else on the customer's first.
async fn follow_bills(
    tx: &Tx,
    customer: CustomerId,
    accounts: &[Account],
    known: Option<&Receivables>,
    rates: &RateTable,
    today: NaiveDate,
) -> Result<(), DbError> {
    let Some(main) = accounts.first() else {
        return Ok(());
    };
    let elsewhere = match accounts.len() {
        1 => BTreeMap::new(),
        _ => billed_elsewhere(tx, customer).await?,
    };
    for account in accounts {
        let exchange = Exchange {
            rates,
            into: Some(account.currency),
            on: today,
        };
        let bills = known.iter().flat_map(|known| &known.open_items);
        let own = bills.filter(|item| {
            let at = elsewhere.get(&item.invoice).copied().unwrap_or(main.id);
            at == account.id
        });
        let units = own.map(|item| exchange.amount(item.open).units());
        let open = units.fold(0, i64::saturating_add).clamp(0, MOST);
        let unused = known.filter(|_| account.id == main.id);
        let unused = unused.map_or(Amount::ZERO, |known| exchange.amount(known.unallocated));
        let unused = unused.units().clamp(0, MOST);
        set_bills(tx, account, open, unused).await?;
    }
    Ok(())
}

async fn set_bills(tx: &Tx, account: &Account, open: i64, unused: i64) -> Result<(), DbError> {
    let change = open.saturating_sub(account.from_facts.units());
    if change == 0 && unused == account.credit_balance.units() {
        return Ok(());
    }
    let movement = Movement {
        kind: "bills",
        authorization: None,
        posted: change,
        pending: 0,
    };
    let levels = levels(tx, account.id).await?;
    shift_all(tx, &levels, &movement, &[]).await?;
    let text =
        "UPDATE credit_account SET from_facts = $1, credit_balance = $2 WHERE account_id = $3";
    let values = vec![open.into(), unused.into(), value(account.id.bits())];
    sql::run(tx, text, values).await?;
    if let Some(after) = accounts::account(tx, account.id).await? {
        accounts::note(tx, &after, "bills_followed");
    }
    Ok(())
}

/// On which account the bills are whose documents were authorised.
async fn billed_elsewhere(
    tx: &Tx,
    customer: CustomerId,
) -> Result<BTreeMap<FactId, CreditAccountId>, DbError> {
    let same = |one: &str, other: &str| {
        format!(
            "{one}_system = {other}_system AND {one}_kind = {other}_kind AND {one}_id = {other}_id"
        )
    };
    let text = format!(
        "SELECT o.fact_id, a.account_id FROM open_item o \
         JOIN fact f ON f.customer_id = o.customer_id AND f.superseded_by IS NULL \
           AND f.kind = 'invoice' AND {own} \
         JOIN credit_authorization a ON a.customer_id = o.customer_id AND (({bill}) OR ({order}) \
           OR EXISTS (SELECT 1 FROM fact d WHERE d.customer_id = f.customer_id \
             AND d.superseded_by IS NULL AND d.kind = 'delivery' AND {shipped} AND {ordered})) \
         WHERE o.customer_id = $1 ORDER BY a.authorization_id",
        own = same("f.doc", "o.doc"),
        bill = same("a.doc", "f.doc"),
        order = same("a.doc", "f.follows"),
        shipped = same("d.doc", "f.follows"),
        ordered = same("a.doc", "d.follows"),
    );
    let rows = sql::rows(tx, &text, vec![value(customer.bits())]).await?;
    rows.iter()
        .map(|row| {
            let fact = FactId::from_bits(bits(row, "fact_id")?);
            Ok((fact, CreditAccountId::from_bits(bits(row, "account_id")?)))
        })
        .collect()
}

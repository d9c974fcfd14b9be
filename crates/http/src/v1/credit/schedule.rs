//! What a customer has to pay when, for a bill of a date and an amount.

use super::answer::{CreditPaymentTerm, payment_term};
use super::decide;
use crate::body::{Id, Query};
use crate::faults::Faults;
use crate::problem::{FieldError, Problem};
use crate::scope::need;
use crate::tenant::{Tenant, TenantHandle};
use crate::v1::deciding::find_customer;
use crate::wire::date;
use crate::wire::decimals;
use actix_web::{HttpResponse, get, web};
use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tiercel_domain::credit::PaymentTerm;
use tiercel_domain::credit::early::to_pay;
use tiercel_domain::credit::ubl::{DatedDiscount, DatedTerms};
use tiercel_domain::currency::Currency;
use tiercel_domain::ids::CustomerId;
use tiercel_domain::incoming::{CustomerRef, ExternalRef};
use tiercel_domain::scaled::Amount;
use utoipa::{IntoParams, ToSchema};

/// Of which bill.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PaymentScheduleQuery {
    /// With the sign of the bill: a credit note is below zero.
    pub amount: String,
    /// ISO 4217.
    pub currency: String,
    /// The date of the invoice; today where it is absent.
    #[param(format = Date)]
    pub invoice_date: Option<String>,
    /// Answer 404 for an unknown customer instead of the terms of the default tier.
    pub strict: Option<bool>,
}

/// One payment to come.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"due_on": "2026-04-15", "amount": "1587.35"}))]
pub struct ScheduledPayment {
    #[schema(format = Date)]
    pub due_on: String,
    pub amount: String,
}

/// Paying all by a day takes something off.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"pay_by": "2026-03-11", "percent": "2", "discount": "31.75", "amount": "1555.60"}))]
pub struct EarlyPaymentOffer {
    /// The last day.
    #[schema(format = Date)]
    pub pay_by: String,
    pub percent: String,
    pub discount: String,
    /// What settles the bill then.
    pub amount: String,
}

/// A bill in payments; they sum to its amount exactly.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"customer_id": "cus_01k8z6v3q2e4r5t6y7a8b9c0de", "customer_matched": true, "currency": "EUR", "invoice_date": "2026-03-01", "amount": "1587.35", "payment_term": {"code": "2-10-N45", "kind": "net", "text": "2% 10 days, net 45", "net_days": 45, "early_payment": [{"days": 10, "percent": "2"}], "unece_4279": ["1", "22"], "xrechnung": "#SKONTO#TAGE=10#PROZENT=2.00#", "ubl": "<cac:PaymentTerms><cbc:ID>2-10-N45</cbc:ID></cac:PaymentTerms>"}, "payments": [{"due_on": "2026-04-15", "amount": "1587.35"}], "early_payment": [{"pay_by": "2026-03-11", "percent": "2", "discount": "31.75", "amount": "1555.60"}], "ubl": "<cac:PaymentTerms><cbc:ID>2-10-N45</cbc:ID></cac:PaymentTerms>"}))]
pub struct PaymentScheduleResponse {
    /// Null where the customer is unknown.
    pub customer_id: Option<String>,
    pub customer_matched: bool,
    pub currency: String,
    #[schema(format = Date)]
    pub invoice_date: String,
    pub amount: String,
    pub payment_term: CreditPaymentTerm,
    pub payments: Vec<ScheduledPayment>,
    pub early_payment: Vec<EarlyPaymentOffer>,
    /// The `cac:PaymentTerms` of UBL 2.1 with these days and amounts, without the namespaces of the
    /// document around them.
    pub ubl: String,
}

/// Computes when a customer has to pay a bill
///
/// The last payment absorbs the cents; dates know the ends of months and leap years.
#[utoipa::path(tag = "credit",
    params(("id" = String, Path, description = "The customer", example = "cus_01k8z6v3q2e4r5t6y7a8b9c0de"), PaymentScheduleQuery),
    responses((status = 200, description = "The schedule", body = PaymentScheduleResponse)))]
#[get("/customers/{id}/payment-schedule")]
pub async fn find_payment_schedule(
    tenant: Tenant<need::CreditRead>,
    Id(id): Id<CustomerId>,
    Query(query): Query<PaymentScheduleQuery>,
) -> Result<HttpResponse, Problem> {
    answer(&tenant, &CustomerRef::Id(id), &query)
}

/// Computes when a customer of another system has to pay a bill
///
/// As by our own id; a customer that nobody knows gets the terms of the default tier.
#[utoipa::path(tag = "credit",
    params(
        ("system" = String, Path, description = "The other system", example = "erp1"),
        ("id" = String, Path, description = "The customer's id there", example = "C-1042"),
        PaymentScheduleQuery,
    ),
    responses((status = 200, description = "The schedule", body = PaymentScheduleResponse)))]
#[get("/customers/by-external/{system}/{id}/payment-schedule")]
pub async fn find_payment_schedule_by_external_id(
    tenant: Tenant<need::CreditRead>,
    path: web::Path<(String, String)>,
    Query(query): Query<PaymentScheduleQuery>,
) -> Result<HttpResponse, Problem> {
    let (system, id) = path.into_inner();
    let customer = CustomerRef::External(ExternalRef { system, id });
    answer(&tenant, &customer, &query)
}

fn answer(
    tenant: &TenantHandle,
    customer: &CustomerRef,
    query: &PaymentScheduleQuery,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let currency = faults.currency("currency", &query.currency);
    let amount: Option<Amount> = faults.number("amount", &query.amount);
    let decimals_kept = currency.map_or(Amount::SCALE, Currency::exponent);
    if amount.is_some_and(|it| it.decimal().scale() > decimals_kept) {
        let detail = format!("has more than {decimals_kept} decimals");
        faults.add("amount", "too_precise", detail);
    }
    let on = match &query.invoice_date {
        Some(text) => date(&mut faults, "invoice_date", text),
        None => Some(tenant.today()),
    };
    let ((currency, amount), on) = faults.finish(currency.zip(amount).zip(on))?;
    let book = tenant.book();
    let customer = find_customer(&book, customer, query.strict)?.map(AsRef::as_ref);
    let term = decide(&book, customer, tenant.today(), None)?.term;
    let plan = plan(&term, amount.decimal(), on, currency).ok_or_else(|| {
        let detail = "leads to a day beyond the calendar";
        Problem::invalid(vec![FieldError::new(
            "invoice_date",
            "out_of_range",
            detail,
        )])
    })?;
    Ok(HttpResponse::Ok().json(PaymentScheduleResponse {
        customer_id: customer.map(|it| it.id.to_string()),
        customer_matched: customer.is_some(),
        currency: currency.to_string(),
        invoice_date: on.to_string(),
        amount: decimals(amount.decimal(), currency.exponent()),
        payment_term: payment_term(&term),
        payments: plan.payments,
        early_payment: plan.early_payment,
        ubl: plan.ubl,
    }))
}

/// When a bill is to be paid, in all spellings.
struct Plan {
    payments: Vec<ScheduledPayment>,
    early_payment: Vec<EarlyPaymentOffer>,
    ubl: String,
}

fn plan(term: &PaymentTerm, amount: Decimal, on: NaiveDate, currency: Currency) -> Option<Plan> {
    let scale = currency.exponent();
    let show = |amount: Decimal| decimals(amount, scale);
    let payments = term.schedule(amount, on, scale).ok()?;
    let discounts = term.early_payment.iter().map(|early| {
        let settles = to_pay(amount, early.percent, scale)?;
        Some(DatedDiscount {
            percent: early.percent.decimal(),
            amount: amount.checked_sub(settles)?,
            pay_by: on.checked_add_days(Days::new(early.days.into()))?,
        })
    });
    let discounts: Vec<DatedDiscount> = discounts.collect::<Option<_>>()?;
    let dated = DatedTerms {
        currency,
        payments: &payments,
        discounts: &discounts,
    };
    let ubl = term.ubl_of(&dated);
    let offers = discounts.iter().map(|discount| {
        Some(EarlyPaymentOffer {
            pay_by: discount.pay_by.to_string(),
            percent: discount.percent.normalize().to_string(),
            discount: show(discount.amount),
            amount: show(amount.checked_sub(discount.amount)?),
        })
    });
    Some(Plan {
        early_payment: offers.collect::<Option<_>>()?,
        payments: payments
            .into_iter()
            .map(|it| ScheduledPayment {
                due_on: it.due_on.to_string(),
                amount: show(it.amount),
            })
            .collect(),
        ubl,
    })
}

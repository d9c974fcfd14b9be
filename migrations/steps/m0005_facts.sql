-- What happened: append-only versions; only the mark of the successor is ever added to a row.
CREATE TABLE fact (
    customer_id {uuid} NOT NULL,
    fact_id {uuid} NOT NULL,
    version {integer} NOT NULL,
    source {text} NOT NULL,
    external_id {text} NOT NULL,
    kind {text} NOT NULL,
    occurred_on {date} NOT NULL,
    doc_system {text},
    doc_kind {text},
    doc_id {text},
    doc_line {text},
    follows_system {text},
    follows_kind {text},
    follows_id {text},
    follows_line {text},
    status {text} NOT NULL,
    product_id {uuid},
    category {text},
    quantity {integer},
    amount {integer},
    currency {text},
    base_amount {integer},
    rate_id {uuid},
    given_cost {integer},
    cost {integer},
    cost_source {text} NOT NULL,
    due_on {date},
    rating {integer},
    severity {integer},
    minutes {integer},
    channel {text},
    author {text},
    content_hash {text} NOT NULL,
    write_id {uuid} NOT NULL,
    recorded_at {integer} NOT NULL,
    superseded_by {uuid},
    PRIMARY KEY (customer_id, fact_id, version)
) {strict}
----
CREATE UNIQUE INDEX fact_version ON fact (source, external_id, version)
----
CREATE UNIQUE INDEX fact_current ON fact (source, external_id) WHERE superseded_by IS NULL
----
CREATE INDEX fact_by_day ON fact (customer_id, occurred_on, fact_id) WHERE superseded_by IS NULL
----
CREATE INDEX fact_by_id ON fact (fact_id, version)
----
CREATE INDEX fact_by_document ON fact (doc_system, doc_kind, doc_id) WHERE doc_id IS NOT NULL
----
-- Free text of a fact: deleted when the customer is erased.
CREATE TABLE fact_note (
    customer_id {uuid} NOT NULL,
    fact_id {uuid} NOT NULL,
    version {integer} NOT NULL,
    note {text} NOT NULL,
    PRIMARY KEY (customer_id, fact_id, version)
) {strict}
----
-- only: sqlite
CREATE TRIGGER fact_is_append_only BEFORE UPDATE ON fact
WHEN OLD.superseded_by IS NOT NULL OR NEW.base_amount IS NOT OLD.base_amount
  OR NEW.amount IS NOT OLD.amount OR NEW.cost IS NOT OLD.cost OR NEW.occurred_on IS NOT OLD.occurred_on
  OR NEW.content_hash IS NOT OLD.content_hash OR NEW.customer_id IS NOT OLD.customer_id
  OR NEW.write_id IS NOT OLD.write_id OR NEW.status IS NOT OLD.status
BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END
----
-- only: sqlite
CREATE TRIGGER fact_keeps_everything BEFORE DELETE ON fact
BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END
----
-- only: postgres
CREATE TRIGGER fact_is_append_only BEFORE UPDATE ON fact FOR EACH ROW
WHEN (OLD.superseded_by IS NOT NULL OR NEW.base_amount IS DISTINCT FROM OLD.base_amount
  OR NEW.amount IS DISTINCT FROM OLD.amount OR NEW.cost IS DISTINCT FROM OLD.cost
  OR NEW.occurred_on IS DISTINCT FROM OLD.occurred_on
  OR NEW.content_hash IS DISTINCT FROM OLD.content_hash OR NEW.customer_id IS DISTINCT FROM OLD.customer_id
  OR NEW.write_id IS DISTINCT FROM OLD.write_id OR NEW.status IS DISTINCT FROM OLD.status)
EXECUTE FUNCTION tiercel_refuse()
----
-- only: postgres
CREATE TRIGGER fact_keeps_everything BEFORE DELETE ON fact FOR EACH ROW
EXECUTE FUNCTION tiercel_refuse()
----
-- Additive measures per customer, month and category; equal to a recomputation from facts.
CREATE TABLE rollup (
    customer_id {uuid} NOT NULL,
    month {date} NOT NULL,
    category {text} NOT NULL,
    measures {text} NOT NULL,
    PRIMARY KEY (customer_id, month, category)
) {strict}
----
-- Invoices that are not settled; equal to an allocation of all payments from facts, as of the
-- day in `receivables`.
CREATE TABLE open_item (
    customer_id {uuid} NOT NULL,
    fact_id {uuid} NOT NULL,
    doc_system {text},
    doc_kind {text},
    doc_id {text},
    doc_line {text},
    invoiced_on {date} NOT NULL,
    due_on {date},
    amount {integer} NOT NULL,
    open_amount {integer} NOT NULL,
    disputed {boolean} NOT NULL,
    PRIMARY KEY (customer_id, fact_id)
) {strict}
----
-- Receivables of a customer in one row: what is not on any invoice, whether invoices are known at
-- all, and the next day on which a fact that is already known begins to count.
CREATE TABLE receivables (
    customer_id {uuid} NOT NULL PRIMARY KEY,
    as_of {date} NOT NULL,
    invoice_count {integer} NOT NULL,
    unallocated {integer} NOT NULL,
    next_change_on {date}
) {strict}
----
CREATE INDEX receivables_next_change ON receivables (next_change_on) WHERE next_change_on IS NOT NULL

-- Prices that were promised: the answer as it was given, with and without costs, and its receipt.
CREATE TABLE quote (
    quote_id {uuid} NOT NULL PRIMARY KEY,
    customer_id {uuid},
    doc_system {text},
    doc_kind {text},
    doc_id {text},
    doc_revision {integer},
    valid_until {integer} NOT NULL,
    needs_approval {boolean} NOT NULL,
    answer {text} NOT NULL,
    answer_with_costs {text} NOT NULL,
    receipt {text} NOT NULL,
    principal {text} NOT NULL,
    write_id {uuid} NOT NULL,
    recorded_at {integer} NOT NULL
) {strict}
----
CREATE INDEX quote_of_customer ON quote (customer_id, quote_id)
----
CREATE INDEX quote_by_document ON quote (doc_id, quote_id) WHERE doc_id IS NOT NULL
----
-- The price last told to a customer for an article.
CREATE TABLE price_told (
    customer_id {uuid} NOT NULL,
    sku {text} NOT NULL,
    quote_id {uuid} NOT NULL,
    unit_price {text} NOT NULL,
    currency {text} NOT NULL,
    quantity {text} NOT NULL,
    told_at {integer} NOT NULL,
    PRIMARY KEY (customer_id, sku)
) {strict}
----
-- only: sqlite
CREATE TRIGGER quote_stays BEFORE UPDATE ON quote
BEGIN SELECT RAISE(ABORT, 'quotes are append-only'); END
----
-- only: sqlite
CREATE TRIGGER quote_is_kept BEFORE DELETE ON quote
BEGIN SELECT RAISE(ABORT, 'quotes are append-only'); END
----
-- only: postgres
CREATE TRIGGER quote_stays BEFORE UPDATE OR DELETE ON quote FOR EACH ROW
EXECUTE FUNCTION tiercel_refuse()

-- How often rates and costs have changed. A write that values facts reads its slot first and locks
-- it before it commits; a write that changes rates or costs locks and counts up all of them. Many
-- slots of one number, so that steady writers cannot keep a correction waiting.
CREATE TABLE valuation_slot (
    slot {integer} NOT NULL PRIMARY KEY,
    changes {integer} NOT NULL
) {strict}
----
INSERT INTO valuation_slot (slot, changes) VALUES
    (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0),
    (8, 0), (9, 0), (10, 0), (11, 0), (12, 0), (13, 0), (14, 0), (15, 0)
----
-- Whose facts a product's cost touches.
CREATE INDEX fact_by_product ON fact (product_id, occurred_on, customer_id)
    WHERE superseded_by IS NULL AND given_cost IS NULL AND product_id IS NOT NULL
----
-- Whose facts an exchange rate touches: those that used one.
CREATE INDEX fact_by_currency ON fact (currency, occurred_on, customer_id)
    WHERE superseded_by IS NULL AND (rate_id IS NOT NULL OR (amount IS NULL AND given_cost IS NOT NULL))
----
CREATE INDEX exchange_rate_write ON exchange_rate (write_id)
----
CREATE INDEX product_cost_write ON product_cost (write_id)
----
CREATE INDEX product_cost_currency ON product_cost (currency, product_id) WHERE superseded_by IS NULL

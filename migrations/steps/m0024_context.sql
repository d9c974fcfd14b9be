-- The last facts of one kind of one customer, without reading the others.
CREATE INDEX fact_of_kind ON fact (customer_id, kind, occurred_on, fact_id) WHERE superseded_by IS NULL

-- What evaluation reads of a customer instead of every fact: sums by month, days, orders, ratings,
-- and what owes or settles. Equal to a recomputation from facts. A row of another layout than the
-- program's is made anew from facts by the next write that reads it.
CREATE TABLE customer_history (
    customer_id {uuid} NOT NULL PRIMARY KEY,
    layout {integer} NOT NULL,
    content {text} NOT NULL
) {strict}
----
-- Layout 0 is nobody's: customers that had facts before this step are made anew.
INSERT INTO customer_history (customer_id, layout, content) SELECT DISTINCT customer_id, 0, '' FROM fact

-- Limits that the formula proposed, and what people decided about them.
CREATE TABLE credit_limit_proposal (
    proposal_id {uuid} NOT NULL PRIMARY KEY,
    customer_id {uuid} NOT NULL,
    account_id {uuid} NOT NULL,
    status {text} NOT NULL,
    old_amount {integer} NOT NULL,
    new_amount {integer} NOT NULL,
    valid_to {date},
    grounds {text} NOT NULL,
    author {text} NOT NULL,
    decided_by {text},
    reason {text},
    version {integer} NOT NULL,
    created_at {integer} NOT NULL,
    updated_at {integer} NOT NULL
) {strict}
----
CREATE INDEX credit_limit_proposal_of_customer ON credit_limit_proposal (customer_id, proposal_id)
----
CREATE UNIQUE INDEX credit_limit_proposal_open ON credit_limit_proposal (account_id)
    WHERE status = 'proposed'
----
CREATE INDEX credit_limit_proposal_status ON credit_limit_proposal (status, proposal_id)

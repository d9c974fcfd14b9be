-- Credit of one customer in one company and segment, or of a group of such accounts. The balances
-- equal the sums of `credit_entry`; amounts in the account's currency, four decimals.
CREATE TABLE credit_account (
    account_id {uuid} NOT NULL PRIMARY KEY,
    customer_id {uuid},
    parent_id {uuid},
    name {text} NOT NULL,
    company {text} NOT NULL,
    segment {text} NOT NULL,
    currency {text} NOT NULL,
    status {text} NOT NULL,
    limit_version {integer} NOT NULL,
    posted {integer} NOT NULL CHECK (posted >= 0),
    pending {integer} NOT NULL CHECK (pending >= 0),
    from_facts {integer} NOT NULL CHECK (from_facts >= 0),
    credit_balance {integer} NOT NULL CHECK (credit_balance >= 0),
    version {integer} NOT NULL,
    created_at {integer} NOT NULL
) {strict}
----
CREATE UNIQUE INDEX credit_account_key ON credit_account (customer_id, company, segment) WHERE customer_id IS NOT NULL
----
CREATE INDEX credit_account_parent ON credit_account (parent_id) WHERE parent_id IS NOT NULL
----
-- Every limit that an account was ever given, with who wanted it and why.
CREATE TABLE credit_limit_change (
    account_id {uuid} NOT NULL,
    change_no {integer} NOT NULL,
    kind {text} NOT NULL,
    old_amount {integer},
    new_amount {integer} NOT NULL,
    valid_from {date} NOT NULL,
    valid_to {date},
    reason {text} NOT NULL,
    approver {text} NOT NULL,
    principal {text} NOT NULL,
    write_id {uuid} NOT NULL,
    recorded_at {integer} NOT NULL,
    PRIMARY KEY (account_id, change_no)
) {strict}
----
-- Every movement of an account's balances, with the balances after it.
CREATE TABLE credit_entry (
    account_id {uuid} NOT NULL,
    entry_no {integer} NOT NULL,
    kind {text} NOT NULL,
    authorization_id {uuid},
    posted_change {integer} NOT NULL,
    pending_change {integer} NOT NULL,
    posted {integer} NOT NULL,
    pending {integer} NOT NULL,
    write_id {uuid} NOT NULL,
    recorded_at {integer} NOT NULL,
    PRIMARY KEY (account_id, entry_no)
) {strict}
----
-- Credit reserved for one document; `held_*` is what it holds of its account right now.
CREATE TABLE credit_authorization (
    authorization_id {uuid} NOT NULL PRIMARY KEY,
    account_id {uuid} NOT NULL,
    customer_id {uuid} NOT NULL,
    doc_system {text} NOT NULL,
    doc_kind {text} NOT NULL,
    doc_id {text} NOT NULL,
    state {text} NOT NULL,
    authorized {integer} NOT NULL,
    ordered {integer} NOT NULL,
    delivered {integer} NOT NULL,
    invoiced {integer} NOT NULL,
    told_ordered {integer} NOT NULL,
    told_delivered {integer} NOT NULL,
    told_invoiced {integer} NOT NULL,
    told_before {integer} NOT NULL,
    held_posted {integer} NOT NULL,
    held_pending {integer} NOT NULL,
    override_id {uuid},
    decision {text} NOT NULL,
    expires_at {integer} NOT NULL,
    next_check_on {date} NOT NULL,
    version {integer} NOT NULL,
    created_at {integer} NOT NULL,
    updated_at {integer} NOT NULL
) {strict}
----
CREATE UNIQUE INDEX credit_authorization_document
    ON credit_authorization (account_id, doc_system, doc_kind, doc_id) WHERE state = 'open'
----
CREATE INDEX credit_authorization_of_customer ON credit_authorization (customer_id, authorization_id)
----
CREATE INDEX credit_authorization_due ON credit_authorization (expires_at) WHERE state = 'open'
----
-- Documents that followed by the word of a commit, so that their facts are recognised.
CREATE TABLE credit_document (
    authorization_id {uuid} NOT NULL,
    doc_system {text} NOT NULL,
    doc_kind {text} NOT NULL,
    doc_id {text} NOT NULL,
    PRIMARY KEY (authorization_id, doc_system, doc_kind, doc_id)
) {strict}
----
-- A document that was not authorised and waits for a release, a payment, or its end.
CREATE TABLE credit_hold (
    hold_id {uuid} NOT NULL PRIMARY KEY,
    account_id {uuid} NOT NULL,
    customer_id {uuid} NOT NULL,
    doc_system {text} NOT NULL,
    doc_kind {text} NOT NULL,
    doc_id {text} NOT NULL,
    amount {integer} NOT NULL,
    payment_term {text},
    status {text} NOT NULL,
    decision {text} NOT NULL,
    owner {text},
    released_by {text},
    release_reason {text},
    account_version {integer} NOT NULL,
    expires_at {integer} NOT NULL,
    version {integer} NOT NULL,
    created_at {integer} NOT NULL,
    updated_at {integer} NOT NULL
) {strict}
----
CREATE UNIQUE INDEX credit_hold_document
    ON credit_hold (account_id, doc_system, doc_kind, doc_id) WHERE status IN ('open', 'ready')
----
CREATE INDEX credit_hold_waiting ON credit_hold (customer_id) WHERE status IN ('open', 'ready')
----
-- A budget beyond the rules: who gave it, why, how much, until when; `used` never exceeds it.
CREATE TABLE credit_override (
    override_id {uuid} NOT NULL PRIMARY KEY,
    account_id {uuid} NOT NULL,
    amount {integer} NOT NULL,
    used {integer} NOT NULL CHECK (used >= 0 AND used <= amount),
    reason {text} NOT NULL,
    principal {text} NOT NULL,
    expires_at {integer} NOT NULL,
    created_at {integer} NOT NULL
) {strict}
----
-- Which facts follow a document, of one customer.
CREATE INDEX fact_by_followed ON fact (customer_id, follows_id)
    WHERE follows_id IS NOT NULL AND superseded_by IS NULL
----
-- only: sqlite
CREATE TRIGGER credit_entry_stays BEFORE UPDATE ON credit_entry
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
----
-- only: sqlite
CREATE TRIGGER credit_entry_is_kept BEFORE DELETE ON credit_entry
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
----
-- only: sqlite
CREATE TRIGGER credit_limit_change_stays BEFORE UPDATE ON credit_limit_change
BEGIN SELECT RAISE(ABORT, 'the journal of limits is append-only'); END
----
-- only: sqlite
CREATE TRIGGER credit_limit_change_is_kept BEFORE DELETE ON credit_limit_change
BEGIN SELECT RAISE(ABORT, 'the journal of limits is append-only'); END
----
-- only: postgres
CREATE TRIGGER credit_entry_stays BEFORE UPDATE OR DELETE ON credit_entry FOR EACH ROW
EXECUTE FUNCTION tiercel_refuse()
----
-- only: postgres
CREATE TRIGGER credit_limit_change_stays BEFORE UPDATE OR DELETE ON credit_limit_change FOR EACH ROW
EXECUTE FUNCTION tiercel_refuse()

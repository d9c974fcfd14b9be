-- What was agreed with customers and groups. Versioned: a change is a new version.
CREATE TABLE contract (
    contract_id {uuid} NOT NULL,
    version {integer} NOT NULL,
    code {text} NOT NULL,
    customer_id {uuid},
    group_id {uuid},
    currency {text} NOT NULL,
    valid_from {date} NOT NULL,
    valid_until {date},
    terms {text} NOT NULL,
    write_id {uuid} NOT NULL,
    recorded_at {integer} NOT NULL,
    superseded_by {uuid},
    PRIMARY KEY (contract_id, version),
    CHECK ((customer_id IS NULL) <> (group_id IS NULL))
) {strict}
----
CREATE UNIQUE INDEX contract_code ON contract (code) WHERE superseded_by IS NULL
----
CREATE INDEX contract_of_customer ON contract (customer_id, contract_id) WHERE customer_id IS NOT NULL
----
CREATE INDEX contract_of_group ON contract (group_id, contract_id) WHERE group_id IS NOT NULL
----
-- only: sqlite
CREATE TRIGGER contract_stays BEFORE UPDATE ON contract
WHEN OLD.superseded_by IS NOT NULL OR NEW.code IS NOT OLD.code
  OR NEW.customer_id IS NOT OLD.customer_id OR NEW.group_id IS NOT OLD.group_id
  OR NEW.currency IS NOT OLD.currency OR NEW.valid_from IS NOT OLD.valid_from
  OR NEW.valid_until IS NOT OLD.valid_until OR NEW.terms IS NOT OLD.terms
  OR NEW.write_id IS NOT OLD.write_id
BEGIN SELECT RAISE(ABORT, 'what was known of a contract stays'); END
----
-- only: sqlite
CREATE TRIGGER contract_is_kept BEFORE DELETE ON contract
BEGIN SELECT RAISE(ABORT, 'what was known of a contract stays'); END
----
-- only: postgres
CREATE TRIGGER contract_stays BEFORE UPDATE ON contract FOR EACH ROW
WHEN (OLD.superseded_by IS NOT NULL OR NEW.code IS DISTINCT FROM OLD.code
  OR NEW.customer_id IS DISTINCT FROM OLD.customer_id
  OR NEW.group_id IS DISTINCT FROM OLD.group_id OR NEW.currency IS DISTINCT FROM OLD.currency
  OR NEW.valid_from IS DISTINCT FROM OLD.valid_from
  OR NEW.valid_until IS DISTINCT FROM OLD.valid_until OR NEW.terms IS DISTINCT FROM OLD.terms
  OR NEW.write_id IS DISTINCT FROM OLD.write_id)
EXECUTE FUNCTION tiercel_refuse()
----
-- only: postgres
CREATE TRIGGER contract_is_kept BEFORE DELETE ON contract FOR EACH ROW
EXECUTE FUNCTION tiercel_refuse()

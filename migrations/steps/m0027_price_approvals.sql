-- Prices that the policy does not give: asked for, granted or refused. Versioned: every step of the
-- chain is a new version.
CREATE TABLE price_approval (
    customer_id {uuid} NOT NULL,
    approval_id {uuid} NOT NULL,
    version {integer} NOT NULL,
    status {text} NOT NULL,
    fingerprint {text} NOT NULL,
    lowest {text} NOT NULL,
    level {text},
    chain {text} NOT NULL,
    steps {text} NOT NULL,
    facts {text} NOT NULL,
    requester {text} NOT NULL,
    granted_on {date},
    valid_until {date} NOT NULL,
    created_at {integer} NOT NULL,
    write_id {uuid} NOT NULL,
    recorded_at {integer} NOT NULL,
    superseded_by {uuid},
    PRIMARY KEY (customer_id, approval_id, version)
) {strict}
----
CREATE INDEX price_approval_in_order ON price_approval (approval_id) WHERE superseded_by IS NULL
----
CREATE INDEX price_approval_by_status ON price_approval (status, approval_id) WHERE superseded_by IS NULL
----
-- Why, in free words: deleted when the customer is erased.
CREATE TABLE price_approval_reason (
    customer_id {uuid} NOT NULL,
    approval_id {uuid} NOT NULL,
    version {integer} NOT NULL,
    reason {text} NOT NULL,
    PRIMARY KEY (customer_id, approval_id, version)
) {strict}
----
-- only: sqlite
CREATE TRIGGER price_approval_stays BEFORE UPDATE ON price_approval
WHEN OLD.superseded_by IS NOT NULL OR NEW.status IS NOT OLD.status
  OR NEW.fingerprint IS NOT OLD.fingerprint OR NEW.lowest IS NOT OLD.lowest
  OR NEW.level IS NOT OLD.level OR NEW.chain IS NOT OLD.chain OR NEW.steps IS NOT OLD.steps
  OR NEW.facts IS NOT OLD.facts OR NEW.requester IS NOT OLD.requester
  OR NEW.granted_on IS NOT OLD.granted_on OR NEW.valid_until IS NOT OLD.valid_until
  OR NEW.write_id IS NOT OLD.write_id
BEGIN SELECT RAISE(ABORT, 'what was known of an approval stays'); END
----
-- only: sqlite
CREATE TRIGGER price_approval_is_kept BEFORE DELETE ON price_approval
BEGIN SELECT RAISE(ABORT, 'what was known of an approval stays'); END
----
-- only: postgres
CREATE TRIGGER price_approval_stays BEFORE UPDATE ON price_approval FOR EACH ROW
WHEN (OLD.superseded_by IS NOT NULL OR NEW.status IS DISTINCT FROM OLD.status
  OR NEW.fingerprint IS DISTINCT FROM OLD.fingerprint OR NEW.lowest IS DISTINCT FROM OLD.lowest
  OR NEW.level IS DISTINCT FROM OLD.level OR NEW.chain IS DISTINCT FROM OLD.chain
  OR NEW.steps IS DISTINCT FROM OLD.steps OR NEW.facts IS DISTINCT FROM OLD.facts
  OR NEW.requester IS DISTINCT FROM OLD.requester
  OR NEW.granted_on IS DISTINCT FROM OLD.granted_on
  OR NEW.valid_until IS DISTINCT FROM OLD.valid_until
  OR NEW.write_id IS DISTINCT FROM OLD.write_id)
EXECUTE FUNCTION tiercel_refuse()
----
-- only: postgres
CREATE TRIGGER price_approval_is_kept BEFORE DELETE ON price_approval FOR EACH ROW
EXECUTE FUNCTION tiercel_refuse()

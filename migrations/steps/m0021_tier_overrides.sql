-- Tiers set by hand for a time. Versioned: ending one early is a new version.
CREATE TABLE tier_override (
    customer_id {uuid} NOT NULL,
    override_id {uuid} NOT NULL,
    version {integer} NOT NULL,
    tier {text} NOT NULL,
    approver {text} NOT NULL,
    author {text} NOT NULL,
    valid_from {date} NOT NULL,
    valid_until {date} NOT NULL,
    ended_on {date},
    ended_by {text},
    created_at {integer} NOT NULL,
    write_id {uuid} NOT NULL,
    recorded_at {integer} NOT NULL,
    superseded_by {uuid},
    PRIMARY KEY (customer_id, override_id, version)
) {strict}
----
CREATE INDEX tier_override_over ON tier_override (valid_until, override_id) WHERE superseded_by IS NULL
----
-- Why, in free words: deleted when the customer is erased.
CREATE TABLE tier_override_reason (
    customer_id {uuid} NOT NULL,
    override_id {uuid} NOT NULL,
    reason {text} NOT NULL,
    PRIMARY KEY (customer_id, override_id)
) {strict}
----
-- only: sqlite
CREATE TRIGGER tier_override_stays BEFORE UPDATE ON tier_override
WHEN OLD.superseded_by IS NOT NULL OR NEW.tier IS NOT OLD.tier OR NEW.approver IS NOT OLD.approver
  OR NEW.author IS NOT OLD.author OR NEW.valid_from IS NOT OLD.valid_from
  OR NEW.valid_until IS NOT OLD.valid_until OR NEW.ended_on IS NOT OLD.ended_on
  OR NEW.write_id IS NOT OLD.write_id
BEGIN SELECT RAISE(ABORT, 'what was known of an override stays'); END
----
-- only: postgres
CREATE TRIGGER tier_override_stays BEFORE UPDATE ON tier_override FOR EACH ROW
WHEN (OLD.superseded_by IS NOT NULL OR NEW.tier IS DISTINCT FROM OLD.tier
  OR NEW.approver IS DISTINCT FROM OLD.approver OR NEW.author IS DISTINCT FROM OLD.author
  OR NEW.valid_from IS DISTINCT FROM OLD.valid_from
  OR NEW.valid_until IS DISTINCT FROM OLD.valid_until OR NEW.ended_on IS DISTINCT FROM OLD.ended_on
  OR NEW.write_id IS DISTINCT FROM OLD.write_id)
EXECUTE FUNCTION tiercel_refuse()

-- What finance told of a customer's open items, and how ours differed.
CREATE TABLE credit_snapshot (
    snapshot_id {uuid} NOT NULL PRIMARY KEY,
    customer_id {uuid} NOT NULL,
    as_of {date} NOT NULL,
    documents {integer} NOT NULL,
    ours {integer} NOT NULL,
    theirs {integer} NOT NULL,
    drift {integer} NOT NULL,
    drifted {boolean} NOT NULL,
    differences {text} NOT NULL,
    principal {text} NOT NULL,
    write_id {uuid} NOT NULL,
    recorded_at {integer} NOT NULL
) {strict}
----
CREATE INDEX credit_snapshot_of_customer ON credit_snapshot (customer_id, snapshot_id)
----
CREATE INDEX credit_snapshot_drifted ON credit_snapshot (snapshot_id) WHERE drifted = {true}
----
-- Until when finance has confirmed what is known of a customer.
CREATE TABLE credit_confirmed (
    customer_id {uuid} NOT NULL PRIMARY KEY,
    until {integer} NOT NULL
) {strict}
----
-- Levels of reminders that somebody set: the latest that has begun counts, up to its last day.
CREATE TABLE credit_dunning_set (
    customer_id {uuid} NOT NULL,
    set_no {integer} NOT NULL,
    level {integer} NOT NULL,
    valid_from {date} NOT NULL,
    valid_until {date},
    reason {text} NOT NULL,
    principal {text} NOT NULL,
    write_id {uuid} NOT NULL,
    recorded_at {integer} NOT NULL,
    PRIMARY KEY (customer_id, set_no)
) {strict}
----
-- The level that was last told in the journal; 0 where there is no row.
CREATE TABLE credit_dunning (
    customer_id {uuid} NOT NULL PRIMARY KEY,
    level {integer} NOT NULL,
    told_at {integer} NOT NULL
) {strict}
----
-- only: sqlite
CREATE TRIGGER credit_snapshot_stays BEFORE UPDATE ON credit_snapshot
BEGIN SELECT RAISE(ABORT, 'snapshots are append-only'); END
----
-- only: sqlite
CREATE TRIGGER credit_snapshot_is_kept BEFORE DELETE ON credit_snapshot
BEGIN SELECT RAISE(ABORT, 'snapshots are append-only'); END
----
-- only: sqlite
-- Erasing the customer empties the reason, and it alone.
CREATE TRIGGER credit_dunning_set_stays BEFORE UPDATE ON credit_dunning_set
WHEN NEW.reason <> '' OR (NEW.customer_id, NEW.set_no, NEW.level, NEW.valid_from, NEW.valid_until, NEW.principal,
    NEW.write_id, NEW.recorded_at)
  IS NOT (OLD.customer_id, OLD.set_no, OLD.level, OLD.valid_from, OLD.valid_until, OLD.principal,
    OLD.write_id, OLD.recorded_at)
BEGIN SELECT RAISE(ABORT, 'levels that were set are append-only'); END
----
-- only: sqlite
CREATE TRIGGER credit_dunning_set_is_kept BEFORE DELETE ON credit_dunning_set
BEGIN SELECT RAISE(ABORT, 'levels that were set are append-only'); END
----
-- only: postgres
CREATE TRIGGER credit_snapshot_stays BEFORE UPDATE OR DELETE ON credit_snapshot FOR EACH ROW
EXECUTE FUNCTION tiercel_refuse()
----
-- only: postgres
CREATE TRIGGER credit_dunning_set_stays BEFORE UPDATE ON credit_dunning_set FOR EACH ROW
WHEN (NEW.reason <> '' OR (NEW.customer_id, NEW.set_no, NEW.level, NEW.valid_from, NEW.valid_until, NEW.principal,
    NEW.write_id, NEW.recorded_at)
  IS DISTINCT FROM (OLD.customer_id, OLD.set_no, OLD.level, OLD.valid_from, OLD.valid_until, OLD.principal,
    OLD.write_id, OLD.recorded_at))
EXECUTE FUNCTION tiercel_refuse()
----
-- only: postgres
CREATE TRIGGER credit_dunning_set_is_kept BEFORE DELETE ON credit_dunning_set FOR EACH ROW
EXECUTE FUNCTION tiercel_refuse()

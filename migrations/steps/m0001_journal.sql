-- The journal: one row per write, numbered and chained after commit by the sequencer.
CREATE TABLE journal (
    write_id {uuid} NOT NULL PRIMARY KEY,
    recorded_at {integer} NOT NULL,
    principal {text} NOT NULL,
    action {text} NOT NULL,
    entry {text} NOT NULL,
    position {integer},
    chain_hash {text},
    numbered_at {integer}
) {strict}
----
CREATE UNIQUE INDEX journal_position ON journal (position)
----
CREATE INDEX journal_unnumbered ON journal (write_id) WHERE position IS NULL
----
CREATE INDEX journal_numbered_at ON journal (numbered_at, position)
----
-- The end of the chain, and the lease of the sequencer that extends it.
CREATE TABLE journal_head (
    id {integer} NOT NULL PRIMARY KEY,
    position {integer} NOT NULL,
    chain_hash {text} NOT NULL,
    seal {text} NOT NULL,
    sealed_by {uuid},
    holder {text} NOT NULL,
    held_until {integer} NOT NULL
) {strict}
----
INSERT INTO journal_head (id, position, chain_hash, seal, holder, held_until)
VALUES (1, 0, '', '', '', 0)
----
-- only: sqlite
CREATE TRIGGER journal_is_append_only BEFORE UPDATE ON journal
WHEN OLD.position IS NOT NULL OR NEW.write_id IS NOT OLD.write_id
  OR NEW.recorded_at IS NOT OLD.recorded_at OR NEW.principal IS NOT OLD.principal
  OR NEW.action IS NOT OLD.action OR NEW.entry IS NOT OLD.entry
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
----
-- only: sqlite
CREATE TRIGGER journal_keeps_everything BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
----
-- only: postgres
CREATE FUNCTION tiercel_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
----
-- only: postgres
CREATE TRIGGER journal_is_append_only BEFORE UPDATE ON journal FOR EACH ROW
WHEN (OLD.position IS NOT NULL OR NEW.write_id IS DISTINCT FROM OLD.write_id
  OR NEW.recorded_at IS DISTINCT FROM OLD.recorded_at OR NEW.principal IS DISTINCT FROM OLD.principal
  OR NEW.action IS DISTINCT FROM OLD.action OR NEW.entry IS DISTINCT FROM OLD.entry)
EXECUTE FUNCTION tiercel_refuse()
----
-- only: postgres
CREATE TRIGGER journal_keeps_everything BEFORE DELETE ON journal FOR EACH ROW
EXECUTE FUNCTION tiercel_refuse()
----
-- Answers kept for retries. Personal answers are sealed under the customer's key.
CREATE TABLE idempotency (
    principal {text} NOT NULL,
    route {text} NOT NULL,
    retry_key {text} NOT NULL,
    request_hash {text} NOT NULL,
    status {integer} NOT NULL,
    headers {text} NOT NULL,
    body {bytes} NOT NULL,
    sealed_for {uuid},
    created_at {integer} NOT NULL,
    PRIMARY KEY (principal, route, retry_key)
) {strict}
----
CREATE INDEX idempotency_age ON idempotency (created_at)
----
CREATE INDEX idempotency_sealed_for ON idempotency (sealed_for) WHERE sealed_for IS NOT NULL
----
-- What was decided once for this database: base currency, zone, default region.
CREATE TABLE setting (
    name {text} NOT NULL PRIMARY KEY,
    value {text} NOT NULL
) {strict}

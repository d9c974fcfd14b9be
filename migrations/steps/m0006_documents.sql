-- Evaluation models and service policies: opaque canonical documents in numbered versions.
CREATE TABLE document (
    kind {text} NOT NULL,
    document_id {uuid} NOT NULL,
    code {text} NOT NULL,
    version {integer} NOT NULL,
    revision {integer} NOT NULL,
    status {text} NOT NULL,
    body {text} NOT NULL,
    body_hash {text} NOT NULL,
    effective_from {date},
    created_by {text} NOT NULL,
    created_at {integer} NOT NULL,
    published_by {text},
    published_at {integer},
    retired_at {integer},
    write_id {uuid} NOT NULL,
    PRIMARY KEY (kind, document_id, version)
) {strict}
----
CREATE UNIQUE INDEX document_code ON document (kind, code, version)
----
CREATE INDEX document_in_force ON document (kind, status, effective_from)
----
-- only: sqlite
CREATE TRIGGER document_published_is_immutable BEFORE UPDATE ON document
WHEN OLD.status <> 'draft' AND (NEW.body IS NOT OLD.body OR NEW.body_hash IS NOT OLD.body_hash
  OR NEW.kind IS NOT OLD.kind OR NEW.document_id IS NOT OLD.document_id
  OR NEW.version IS NOT OLD.version OR NEW.code IS NOT OLD.code OR NEW.effective_from IS NOT OLD.effective_from
  OR NEW.published_at IS NOT OLD.published_at OR NEW.status NOT IN ('published', 'retired')
  OR (OLD.status = 'retired' AND NEW.status <> 'retired'))
BEGIN SELECT RAISE(ABORT, 'a published version never changes'); END
----
-- only: sqlite
CREATE TRIGGER document_published_stays BEFORE DELETE ON document
WHEN OLD.status <> 'draft'
BEGIN SELECT RAISE(ABORT, 'a published version never changes'); END
----
-- only: postgres
CREATE TRIGGER document_published_is_immutable BEFORE UPDATE ON document FOR EACH ROW
WHEN (OLD.status <> 'draft' AND (NEW.body IS DISTINCT FROM OLD.body OR NEW.body_hash IS DISTINCT FROM OLD.body_hash
  OR NEW.kind IS DISTINCT FROM OLD.kind OR NEW.document_id IS DISTINCT FROM OLD.document_id
  OR NEW.version IS DISTINCT FROM OLD.version OR NEW.code IS DISTINCT FROM OLD.code
  OR NEW.effective_from IS DISTINCT FROM OLD.effective_from
  OR NEW.published_at IS DISTINCT FROM OLD.published_at OR NEW.status NOT IN ('published', 'retired')
  OR (OLD.status = 'retired' AND NEW.status <> 'retired')))
EXECUTE FUNCTION tiercel_refuse()
----
-- only: postgres
CREATE TRIGGER document_published_stays BEFORE DELETE ON document FOR EACH ROW
WHEN (OLD.status <> 'draft')
EXECUTE FUNCTION tiercel_refuse()
----
-- Every evaluation ever made; the current one is named by customer_state.
CREATE TABLE evaluation (
    customer_id {uuid} NOT NULL,
    evaluation_id {uuid} NOT NULL,
    as_of {date} NOT NULL,
    model_id {uuid} NOT NULL,
    model_version {integer} NOT NULL,
    state_version {integer} NOT NULL,
    score {integer} NOT NULL,
    tier {text} NOT NULL,
    points {text} NOT NULL,
    cause {text} NOT NULL,
    write_id {uuid} NOT NULL,
    recorded_at {integer} NOT NULL,
    PRIMARY KEY (customer_id, evaluation_id)
) {strict}
----
CREATE INDEX evaluation_by_day ON evaluation (customer_id, as_of, evaluation_id)

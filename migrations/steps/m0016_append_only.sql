-- only: sqlite
-- Facts and evaluations are append-only in every column: of a fact only the mark of its successor
-- is ever added.
DROP TRIGGER fact_is_append_only
----
-- only: sqlite
CREATE TRIGGER fact_is_append_only BEFORE UPDATE ON fact
WHEN OLD.superseded_by IS NOT NULL
  OR (NEW.customer_id, NEW.fact_id, NEW.version, NEW.source, NEW.external_id, NEW.kind, NEW.occurred_on,
    NEW.doc_system, NEW.doc_kind, NEW.doc_id, NEW.doc_line, NEW.follows_system, NEW.follows_kind,
    NEW.follows_id, NEW.follows_line, NEW.status, NEW.product_id, NEW.category, NEW.quantity, NEW.amount,
    NEW.currency, NEW.base_amount, NEW.rate_id, NEW.given_cost, NEW.cost, NEW.cost_source, NEW.due_on,
    NEW.rating, NEW.severity, NEW.minutes, NEW.channel, NEW.author, NEW.content_hash, NEW.write_id,
    NEW.recorded_at)
  IS NOT (OLD.customer_id, OLD.fact_id, OLD.version, OLD.source, OLD.external_id, OLD.kind, OLD.occurred_on,
    OLD.doc_system, OLD.doc_kind, OLD.doc_id, OLD.doc_line, OLD.follows_system, OLD.follows_kind,
    OLD.follows_id, OLD.follows_line, OLD.status, OLD.product_id, OLD.category, OLD.quantity, OLD.amount,
    OLD.currency, OLD.base_amount, OLD.rate_id, OLD.given_cost, OLD.cost, OLD.cost_source, OLD.due_on,
    OLD.rating, OLD.severity, OLD.minutes, OLD.channel, OLD.author, OLD.content_hash, OLD.write_id,
    OLD.recorded_at)
BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END
----
-- only: sqlite
CREATE TRIGGER evaluation_is_append_only BEFORE UPDATE ON evaluation
WHEN (NEW.customer_id, NEW.evaluation_id, NEW.as_of, NEW.model_id, NEW.model_version, NEW.state_version,
    NEW.score, NEW.tier, NEW.points, NEW.cause, NEW.write_id, NEW.recorded_at)
  IS NOT (OLD.customer_id, OLD.evaluation_id, OLD.as_of, OLD.model_id, OLD.model_version, OLD.state_version,
    OLD.score, OLD.tier, OLD.points, OLD.cause, OLD.write_id, OLD.recorded_at)
BEGIN SELECT RAISE(ABORT, 'evaluations are append-only'); END
----
-- only: sqlite
CREATE TRIGGER evaluation_keeps_everything BEFORE DELETE ON evaluation
BEGIN SELECT RAISE(ABORT, 'evaluations are append-only'); END
----
-- only: postgres
DROP TRIGGER fact_is_append_only ON fact
----
-- only: postgres
CREATE TRIGGER fact_is_append_only BEFORE UPDATE ON fact FOR EACH ROW
WHEN (OLD.superseded_by IS NOT NULL
  OR (NEW.customer_id, NEW.fact_id, NEW.version, NEW.source, NEW.external_id, NEW.kind, NEW.occurred_on,
    NEW.doc_system, NEW.doc_kind, NEW.doc_id, NEW.doc_line, NEW.follows_system, NEW.follows_kind,
    NEW.follows_id, NEW.follows_line, NEW.status, NEW.product_id, NEW.category, NEW.quantity, NEW.amount,
    NEW.currency, NEW.base_amount, NEW.rate_id, NEW.given_cost, NEW.cost, NEW.cost_source, NEW.due_on,
    NEW.rating, NEW.severity, NEW.minutes, NEW.channel, NEW.author, NEW.content_hash, NEW.write_id,
    NEW.recorded_at)
  IS DISTINCT FROM (OLD.customer_id, OLD.fact_id, OLD.version, OLD.source, OLD.external_id, OLD.kind,
    OLD.occurred_on, OLD.doc_system, OLD.doc_kind, OLD.doc_id, OLD.doc_line, OLD.follows_system,
    OLD.follows_kind, OLD.follows_id, OLD.follows_line, OLD.status, OLD.product_id, OLD.category,
    OLD.quantity, OLD.amount, OLD.currency, OLD.base_amount, OLD.rate_id, OLD.given_cost, OLD.cost,
    OLD.cost_source, OLD.due_on, OLD.rating, OLD.severity, OLD.minutes, OLD.channel, OLD.author,
    OLD.content_hash, OLD.write_id, OLD.recorded_at))
EXECUTE FUNCTION tiercel_refuse()
----
-- only: postgres
CREATE TRIGGER evaluation_is_append_only BEFORE UPDATE ON evaluation FOR EACH ROW
WHEN ((NEW.customer_id, NEW.evaluation_id, NEW.as_of, NEW.model_id, NEW.model_version, NEW.state_version,
    NEW.score, NEW.tier, NEW.points, NEW.cause, NEW.write_id, NEW.recorded_at)
  IS DISTINCT FROM (OLD.customer_id, OLD.evaluation_id, OLD.as_of, OLD.model_id, OLD.model_version,
    OLD.state_version, OLD.score, OLD.tier, OLD.points, OLD.cause, OLD.write_id, OLD.recorded_at))
EXECUTE FUNCTION tiercel_refuse()
----
-- only: postgres
CREATE TRIGGER evaluation_keeps_everything BEFORE DELETE ON evaluation FOR EACH ROW
EXECUTE FUNCTION tiercel_refuse()

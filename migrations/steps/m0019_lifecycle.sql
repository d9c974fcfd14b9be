-- How a tier follows the score: the tier that the score alone says, and where the customer stands.
ALTER TABLE evaluation ADD COLUMN score_tier {text}
----
ALTER TABLE evaluation ADD COLUMN standing {text}
----
-- The first day on which time alone may move the score's tier; none where the customer's tier is
-- another one, so that calendar dates count.
ALTER TABLE customer_state ADD COLUMN steady_until {date}
----
-- only: sqlite
DROP TRIGGER evaluation_is_append_only
----
-- only: sqlite
CREATE TRIGGER evaluation_is_append_only BEFORE UPDATE ON evaluation
WHEN (NEW.customer_id, NEW.evaluation_id, NEW.as_of, NEW.model_id, NEW.model_version, NEW.state_version,
    NEW.score, NEW.tier, NEW.points, NEW.cause, NEW.write_id, NEW.recorded_at, NEW.score_tier, NEW.standing)
  IS NOT (OLD.customer_id, OLD.evaluation_id, OLD.as_of, OLD.model_id, OLD.model_version, OLD.state_version,
    OLD.score, OLD.tier, OLD.points, OLD.cause, OLD.write_id, OLD.recorded_at, OLD.score_tier, OLD.standing)
BEGIN SELECT RAISE(ABORT, 'evaluations are append-only'); END
----
-- only: postgres
DROP TRIGGER evaluation_is_append_only ON evaluation
----
-- only: postgres
CREATE TRIGGER evaluation_is_append_only BEFORE UPDATE ON evaluation FOR EACH ROW
WHEN ((NEW.customer_id, NEW.evaluation_id, NEW.as_of, NEW.model_id, NEW.model_version, NEW.state_version,
    NEW.score, NEW.tier, NEW.points, NEW.cause, NEW.write_id, NEW.recorded_at, NEW.score_tier, NEW.standing)
  IS DISTINCT FROM (OLD.customer_id, OLD.evaluation_id, OLD.as_of, OLD.model_id, OLD.model_version,
    OLD.state_version, OLD.score, OLD.tier, OLD.points, OLD.cause, OLD.write_id, OLD.recorded_at,
    OLD.score_tier, OLD.standing))
EXECUTE FUNCTION tiercel_refuse()

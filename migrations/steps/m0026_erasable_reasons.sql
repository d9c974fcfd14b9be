-- only: sqlite
-- Reasons are free words about a customer: erasing the customer empties them, and them alone.
DROP TRIGGER credit_limit_change_stays
----
-- only: sqlite
CREATE TRIGGER credit_limit_change_stays BEFORE UPDATE ON credit_limit_change
WHEN NEW.reason <> '' OR (NEW.account_id, NEW.change_no, NEW.kind, NEW.old_amount, NEW.new_amount, NEW.valid_from,
    NEW.valid_to, NEW.approver, NEW.principal, NEW.write_id, NEW.recorded_at)
  IS NOT (OLD.account_id, OLD.change_no, OLD.kind, OLD.old_amount, OLD.new_amount, OLD.valid_from,
    OLD.valid_to, OLD.approver, OLD.principal, OLD.write_id, OLD.recorded_at)
BEGIN SELECT RAISE(ABORT, 'the journal of limits is append-only'); END
----
-- only: postgres
DROP TRIGGER credit_limit_change_stays ON credit_limit_change
----
-- only: postgres
CREATE TRIGGER credit_limit_change_stays BEFORE UPDATE ON credit_limit_change FOR EACH ROW
WHEN (NEW.reason <> '' OR (NEW.account_id, NEW.change_no, NEW.kind, NEW.old_amount, NEW.new_amount, NEW.valid_from,
    NEW.valid_to, NEW.approver, NEW.principal, NEW.write_id, NEW.recorded_at)
  IS DISTINCT FROM (OLD.account_id, OLD.change_no, OLD.kind, OLD.old_amount, OLD.new_amount, OLD.valid_from,
    OLD.valid_to, OLD.approver, OLD.principal, OLD.write_id, OLD.recorded_at))
EXECUTE FUNCTION tiercel_refuse()
----
-- only: postgres
CREATE TRIGGER credit_limit_change_is_kept BEFORE DELETE ON credit_limit_change FOR EACH ROW
EXECUTE FUNCTION tiercel_refuse()

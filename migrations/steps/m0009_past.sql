-- Which write published a version and which one retired it: what was in force at a position of the
-- journal is known by them, while `write_id` moves on with every change of the status.
ALTER TABLE document ADD COLUMN published_write {uuid}
----
ALTER TABLE document ADD COLUMN retired_write {uuid}
----
UPDATE document SET published_write = write_id WHERE status = 'published'
----
UPDATE document SET retired_write = write_id,
    published_write = (SELECT j.write_id FROM journal j
        WHERE j.action = 'document.published' AND j.recorded_at = document.published_at
        ORDER BY j.write_id LIMIT 1)
WHERE status = 'retired'
----
-- only: sqlite
CREATE TRIGGER document_past_is_immutable BEFORE UPDATE ON document
WHEN (OLD.published_write IS NOT NULL AND NEW.published_write IS NOT OLD.published_write)
  OR (OLD.retired_write IS NOT NULL AND NEW.retired_write IS NOT OLD.retired_write)
BEGIN SELECT RAISE(ABORT, 'a published version never changes'); END
----
-- only: postgres
CREATE TRIGGER document_past_is_immutable BEFORE UPDATE ON document FOR EACH ROW
WHEN ((OLD.published_write IS NOT NULL AND NEW.published_write IS DISTINCT FROM OLD.published_write)
  OR (OLD.retired_write IS NOT NULL AND NEW.retired_write IS DISTINCT FROM OLD.retired_write))
EXECUTE FUNCTION tiercel_refuse()
----
-- What was known before is looked up too: by ids, numbers and skus that somebody else may have now.
CREATE INDEX external_id_ever ON external_id (system, value)
----
CREATE INDEX phone_e164_ever ON phone (e164) WHERE e164 IS NOT NULL
----
CREATE INDEX product_sku_ever ON product (sku)
----
CREATE INDEX product_cost_ever ON product_cost (product_id, valid_from)

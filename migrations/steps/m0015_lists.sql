-- Lists that are not of one customer: facts by day, kind, source or document, evaluations by age or day.
CREATE INDEX fact_in_order ON fact (occurred_on, fact_id)
----
CREATE INDEX fact_by_kind ON fact (kind, occurred_on, fact_id)
----
CREATE INDEX fact_by_source ON fact (source, occurred_on, fact_id)
----
DROP INDEX fact_by_document
----
CREATE INDEX fact_by_document ON fact (doc_id, doc_kind, doc_system) WHERE doc_id IS NOT NULL
----
CREATE INDEX evaluation_in_order ON evaluation (evaluation_id)
----
CREATE INDEX evaluation_by_as_of ON evaluation (as_of, evaluation_id)
----
-- Of a second file, so that lists can tell it; null for files from before this step.
ALTER TABLE import_file ADD COLUMN sha256 {text}
----
-- Who else looks after the customer: a JSON list in the order of their names.
ALTER TABLE customer_profile ADD COLUMN collaborators {text} NOT NULL DEFAULT '[]'

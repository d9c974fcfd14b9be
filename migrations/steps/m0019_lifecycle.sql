-- How a tier follows the score: the tier that the score alone says, and where the customer stands.
ALTER TABLE evaluation ADD COLUMN score_tier {text}
----
ALTER TABLE evaluation ADD COLUMN standing {text}
----
-- The first day on which time alone may move the score's tier; none where the customer's tier is
-- another one, so that calendar dates count.
ALTER TABLE customer_state ADD COLUMN steady_until {date}

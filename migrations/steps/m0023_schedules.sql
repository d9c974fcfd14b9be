-- What repeats: until when its times have been carried out, by whichever instance.
CREATE TABLE schedule_mark (
    name {text} NOT NULL PRIMARY KEY,
    done_until {integer} NOT NULL
) {strict}
----
-- Customers of whom it was told that their tier will drop, so that it is told once.
CREATE TABLE tier_warning (
    customer_id {uuid} NOT NULL PRIMARY KEY,
    tier {text} NOT NULL,
    drops_to {text} NOT NULL
) {strict}

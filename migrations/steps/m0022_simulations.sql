-- What a draft would do to the portfolio: reports, and who would change tier.
CREATE TABLE simulation (
    simulation_id {uuid} NOT NULL PRIMARY KEY,
    job_id {uuid} NOT NULL,
    model_id {uuid} NOT NULL,
    model_version {integer} NOT NULL,
    model_hash {text} NOT NULL,
    as_of {date} NOT NULL,
    question {text} NOT NULL,
    report {text},
    principal {text} NOT NULL,
    created_at {integer} NOT NULL,
    finished_at {integer}
) {strict}
----
CREATE INDEX simulation_of_model ON simulation (model_id, model_version, finished_at)
----
CREATE TABLE simulation_mover (
    simulation_id {uuid} NOT NULL,
    customer_id {uuid} NOT NULL,
    content {text} NOT NULL,
    PRIMARY KEY (simulation_id, customer_id)
) {strict}

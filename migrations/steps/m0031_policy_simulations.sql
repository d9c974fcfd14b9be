-- What a draft of a service policy would do to customers: reports, and what each gains or loses.
CREATE TABLE policy_simulation (
    simulation_id {uuid} NOT NULL PRIMARY KEY,
    job_id {uuid} NOT NULL,
    question {text} NOT NULL,
    report {text},
    principal {text} NOT NULL,
    created_at {integer} NOT NULL,
    finished_at {integer}
) {strict}
----
CREATE TABLE policy_simulation_customer (
    simulation_id {uuid} NOT NULL,
    customer_id {uuid} NOT NULL,
    outcome {text} NOT NULL,
    content {text} NOT NULL,
    PRIMARY KEY (simulation_id, customer_id)
) {strict}
----
CREATE INDEX policy_simulation_by_outcome
ON policy_simulation_customer (simulation_id, outcome, customer_id)

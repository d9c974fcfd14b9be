-- Work that outlives its request; whoever holds the lease advances it.
CREATE TABLE job (
    job_id {uuid} NOT NULL PRIMARY KEY,
    kind {text} NOT NULL,
    state {text} NOT NULL,
    parameters {text} NOT NULL,
    progress {text} NOT NULL,
    done {integer} NOT NULL,
    total {integer},
    error {text},
    principal {text} NOT NULL,
    holder {text} NOT NULL,
    held_until {integer} NOT NULL,
    created_at {integer} NOT NULL,
    updated_at {integer} NOT NULL,
    finished_at {integer}
) {strict}
----
CREATE INDEX job_waiting ON job (state, held_until)
----
CREATE TABLE import_mapping (
    name {text} NOT NULL,
    version {integer} NOT NULL,
    body {text} NOT NULL,
    write_id {uuid} NOT NULL,
    recorded_at {integer} NOT NULL,
    superseded_by {uuid},
    PRIMARY KEY (name, version)
) {strict}
----
-- The uploaded file in pieces, so that any instance can resume; deleted when the job ends.
CREATE TABLE import_spool (
    job_id {uuid} NOT NULL,
    part {text} NOT NULL,
    piece {integer} NOT NULL,
    bytes {bytes} NOT NULL,
    PRIMARY KEY (job_id, part, piece)
) {strict}
----
CREATE TABLE import_rejection (
    job_id {uuid} NOT NULL,
    row_no {integer} NOT NULL,
    line_no {integer} NOT NULL,
    reasons {text} NOT NULL,
    raw {text} NOT NULL,
    PRIMARY KEY (job_id, row_no)
) {strict}

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
-- A file that was sent; its pieces are deleted when nothing needs them any more.
CREATE TABLE import_upload (
    upload_id {uuid} NOT NULL PRIMARY KEY,
    bytes {integer} NOT NULL,
    created_at {integer} NOT NULL
) {strict}
----
-- The file in pieces, so that any instance can resume.
CREATE TABLE import_spool (
    upload_id {uuid} NOT NULL,
    piece {integer} NOT NULL,
    bytes {bytes} NOT NULL,
    PRIMARY KEY (upload_id, piece)
) {strict}
----
-- Second files, by the name that mappings use for them.
CREATE TABLE import_file (
    name {text} NOT NULL PRIMARY KEY,
    upload_id {uuid} NOT NULL,
    write_id {uuid} NOT NULL,
    recorded_at {integer} NOT NULL
) {strict}
----
-- What a job reads: the data under the empty name, second files under theirs.
CREATE TABLE import_input (
    job_id {uuid} NOT NULL,
    part {text} NOT NULL,
    upload_id {uuid} NOT NULL,
    header {text},
    PRIMARY KEY (job_id, part)
) {strict}
----
-- Rows that were not imported, as they were read: personal data, kept for a limited time.
CREATE TABLE import_rejection (
    job_id {uuid} NOT NULL,
    place {integer} NOT NULL,
    row_no {integer} NOT NULL,
    line_no {integer} NOT NULL,
    reasons {text} NOT NULL,
    cells {text} NOT NULL,
    PRIMARY KEY (job_id, place)
) {strict}

-- One row per customer; its version is bumped first by every write that touches the customer.
CREATE TABLE customer_state (
    customer_id {uuid} NOT NULL PRIMARY KEY,
    version {integer} NOT NULL,
    profile_version {integer} NOT NULL,
    created_at {integer} NOT NULL,
    updated_at {integer} NOT NULL,
    erased_at {integer},
    evaluation_id {uuid},
    evaluated_as_of {date},
    tier {text},
    score {integer},
    model_version {integer},
    next_change_on {date}
) {strict}
----
CREATE INDEX customer_state_next_change ON customer_state (next_change_on) WHERE next_change_on IS NOT NULL
----
CREATE INDEX customer_state_tier ON customer_state (tier, customer_id)
----
-- The key under which the customer's personal data is sealed wherever it must be kept; erasing destroys it.
CREATE TABLE customer_key (
    customer_id {uuid} NOT NULL PRIMARY KEY,
    secret {bytes} NOT NULL
) {strict}
----
CREATE TABLE customer_profile (
    customer_id {uuid} NOT NULL,
    version {integer} NOT NULL,
    kind {text} NOT NULL,
    owner {text},
    group_id {uuid},
    since {date},
    attributes {text} NOT NULL,
    write_id {uuid} NOT NULL,
    recorded_at {integer} NOT NULL,
    superseded_by {uuid},
    PRIMARY KEY (customer_id, version)
) {strict}
----
CREATE INDEX customer_profile_owner ON customer_profile (owner, customer_id) WHERE superseded_by IS NULL
----
CREATE INDEX customer_profile_group ON customer_profile (group_id, customer_id) WHERE superseded_by IS NULL
----
-- Names, e-mail and free text: deleted when the customer is erased.
CREATE TABLE customer_personal (
    customer_id {uuid} NOT NULL,
    version {integer} NOT NULL,
    name {text},
    email {text},
    note {text},
    attributes {text} NOT NULL,
    PRIMARY KEY (customer_id, version)
) {strict}
----
CREATE TABLE external_id (
    customer_id {uuid} NOT NULL,
    system {text} NOT NULL,
    value {text} NOT NULL,
    write_id {uuid} NOT NULL,
    recorded_at {integer} NOT NULL,
    superseded_by {uuid},
    PRIMARY KEY (customer_id, system, value, write_id)
) {strict}
----
CREATE UNIQUE INDEX external_id_current ON external_id (system, value) WHERE superseded_by IS NULL
----
CREATE TABLE contact (
    customer_id {uuid} NOT NULL,
    contact_id {uuid} NOT NULL,
    version {integer} NOT NULL,
    position {text},
    country {text},
    is_primary {boolean} NOT NULL,
    removed {boolean} NOT NULL,
    write_id {uuid} NOT NULL,
    recorded_at {integer} NOT NULL,
    superseded_by {uuid},
    PRIMARY KEY (customer_id, contact_id, version)
) {strict}
----
CREATE INDEX contact_by_id ON contact (contact_id) WHERE superseded_by IS NULL
----
CREATE TABLE contact_personal (
    customer_id {uuid} NOT NULL,
    contact_id {uuid} NOT NULL,
    version {integer} NOT NULL,
    name {text},
    email {text},
    PRIMARY KEY (customer_id, contact_id, version)
) {strict}
----
-- Numbers of customers and contacts: as typed, in E.164 where valid, and the digits to match by.
CREATE TABLE phone (
    customer_id {uuid} NOT NULL,
    phone_no {integer} NOT NULL,
    contact_id {uuid},
    raw {text} NOT NULL,
    region {text},
    e164 {text},
    match_key {text} NOT NULL,
    write_id {uuid} NOT NULL,
    recorded_at {integer} NOT NULL,
    superseded_by {uuid},
    PRIMARY KEY (customer_id, phone_no)
) {strict}
----
CREATE INDEX phone_e164 ON phone (e164) WHERE superseded_by IS NULL AND e164 IS NOT NULL
----
CREATE INDEX phone_invalid ON phone (customer_id, phone_no) WHERE superseded_by IS NULL AND e164 IS NULL
----
CREATE TABLE attribute_definition (
    code {text} NOT NULL PRIMARY KEY,
    kind {text} NOT NULL,
    label {text} NOT NULL,
    allowed {text} NOT NULL,
    personal {boolean} NOT NULL,
    built_in {boolean} NOT NULL,
    write_id {uuid},
    created_at {integer} NOT NULL
) {strict}
----
INSERT INTO attribute_definition (code, kind, label, allowed, personal, built_in, created_at) VALUES
    ('annual_profit', 'number', 'Annual profit of the customer, in base currency', '[]', {false}, {true}, 0),
    ('country', 'text', 'Country of the seat, ISO 3166-1 alpha-2', '[]', {false}, {true}, 0),
    ('credit_limit', 'number', 'Credit limit agreed with the customer, in base currency', '[]', {false}, {true}, 0),
    ('industry', 'text', 'Industry', '[]', {false}, {true}, 0),
    ('listed', 'flag', 'Listed on a stock exchange', '[]', {false}, {true}, 0),
    ('region', 'text', 'Sales region', '[]', {false}, {true}, 0),
    ('segment', 'text', 'Market segment', '[]', {false}, {true}, 0),
    ('size', 'text', 'Size of the company', '["large","medium","small"]', {false}, {true}, 0)
----
CREATE TABLE customer_group (
    group_id {uuid} NOT NULL,
    version {integer} NOT NULL,
    code {text} NOT NULL,
    name {text} NOT NULL,
    parent_id {uuid},
    write_id {uuid} NOT NULL,
    recorded_at {integer} NOT NULL,
    superseded_by {uuid},
    PRIMARY KEY (group_id, version)
) {strict}
----
CREATE UNIQUE INDEX customer_group_code ON customer_group (code) WHERE superseded_by IS NULL

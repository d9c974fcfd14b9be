CREATE TABLE product (
    product_id {uuid} NOT NULL,
    version {integer} NOT NULL,
    sku {text} NOT NULL,
    name {text},
    category {text},
    list_price {integer},
    currency {text} NOT NULL,
    margin_class {text} NOT NULL,
    write_id {uuid} NOT NULL,
    recorded_at {integer} NOT NULL,
    superseded_by {uuid},
    PRIMARY KEY (product_id, version)
) {strict}
----
CREATE UNIQUE INDEX product_sku ON product (sku) WHERE superseded_by IS NULL
----
-- What one unit costs from a day on; a correction supersedes the row of the same day.
CREATE TABLE product_cost (
    cost_id {uuid} NOT NULL PRIMARY KEY,
    product_id {uuid} NOT NULL,
    valid_from {date} NOT NULL,
    unit_cost {integer} NOT NULL,
    currency {text} NOT NULL,
    write_id {uuid} NOT NULL,
    recorded_at {integer} NOT NULL,
    superseded_by {uuid}
) {strict}
----
CREATE UNIQUE INDEX product_cost_current ON product_cost (product_id, valid_from) WHERE superseded_by IS NULL
----
-- Units of the base currency for one unit of another, from a day on.
CREATE TABLE exchange_rate (
    rate_id {uuid} NOT NULL PRIMARY KEY,
    currency {text} NOT NULL,
    valid_from {date} NOT NULL,
    rate {integer} NOT NULL,
    write_id {uuid} NOT NULL,
    recorded_at {integer} NOT NULL,
    superseded_by {uuid}
) {strict}
----
CREATE UNIQUE INDEX exchange_rate_current ON exchange_rate (currency, valid_from) WHERE superseded_by IS NULL

-- Programs that may call the API; secrets are hashed, tokens never stored.
CREATE TABLE client (
    id {uuid} NOT NULL PRIMARY KEY,
    name {text} NOT NULL,
    secret_hash {text} NOT NULL,
    scopes {text} NOT NULL,
    created_at {integer} NOT NULL,
    revoked_at {integer},
    write_id {uuid} NOT NULL
) {strict}
----
CREATE UNIQUE INDEX client_name ON client (name) WHERE revoked_at IS NULL
----
-- Keys that sign tokens and seal heads, cursors and receipts; the private half is encrypted
-- under the master key whose fingerprint stands beside it.
CREATE TABLE key_material (
    id {uuid} NOT NULL PRIMARY KEY,
    purpose {text} NOT NULL,
    public_half {text} NOT NULL,
    sealed_half {bytes} NOT NULL,
    master_fingerprint {text} NOT NULL,
    created_at {integer} NOT NULL,
    retired_at {integer}
) {strict}
----
CREATE INDEX key_material_purpose ON key_material (purpose, created_at)

-- While a secret is replaced, the former one stays valid until an instant.
ALTER TABLE client ADD COLUMN version {integer} NOT NULL DEFAULT 1
----
ALTER TABLE client ADD COLUMN former_hash {text}
----
ALTER TABLE client ADD COLUMN former_until {integer}
----
-- When a client was last seen; written lazily and beside the client, so that nothing waits for it.
CREATE TABLE client_use (
    client_id {uuid} NOT NULL PRIMARY KEY,
    last_used_at {integer} NOT NULL
) {strict}
----
-- A key is published before it signs, so that whoever keeps our key set has it by then; absent:
-- since it was made. From this step on `retired_at` may lie ahead: published until then.
ALTER TABLE key_material ADD COLUMN active_from {integer}

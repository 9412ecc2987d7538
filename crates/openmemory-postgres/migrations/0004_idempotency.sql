-- Writes with an Idempotency-Key, for all servers. Unlogged: what is lost with the database is at most ten minutes old, as what
-- a server of a directory loses when it ends.
CREATE UNLOGGED TABLE om_idempotency (
  tenant text COLLATE "C", key bytea, fingerprint bytea NOT NULL, began timestamptz NOT NULL, claimed_until timestamptz NOT NULL,
  answer bytea,
  PRIMARY KEY (tenant, key)
);
CREATE INDEX om_idempotency_began ON om_idempotency (tenant, began);
ALTER TABLE om_idempotency ENABLE ROW LEVEL SECURITY;
CREATE POLICY om_tenant ON om_idempotency USING (tenant = current_setting('openmemory.tenant', true));

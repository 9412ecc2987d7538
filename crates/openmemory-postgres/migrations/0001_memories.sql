-- Every table of memories has the scope first, which is what they are partitioned or distributed by. {scope:N} stands for
-- a fill factor of N percent, or for hash partitions.

-- What holds for a tenant: its model.
CREATE TABLE om_meta (
  tenant text COLLATE "C", name text COLLATE "C", value bytea NOT NULL,
  PRIMARY KEY (tenant, name)
);

-- JSON that a server keeps with the memories.
CREATE TABLE om_document (
  tenant text COLLATE "C", name bytea, value bytea NOT NULL,
  PRIMARY KEY (tenant, name)
);

-- The clock of a scope: its lock, the order of its commits, and what a loaded partition is compared with.
CREATE TABLE om_scope (
  scope uuid PRIMARY KEY, tenant text COLLATE "C" NOT NULL, user_id bytea,
  seq bigint NOT NULL DEFAULT 0, memories bigint NOT NULL DEFAULT 0
) {scope:50};
CREATE INDEX om_scope_tenant ON om_scope (tenant);

CREATE SEQUENCE om_number;

-- Where the memory with an id is, or that it was deleted. Keeps ids unique in a tenant.
CREATE TABLE om_id (
  id text COLLATE "C", tenant text COLLATE "C", scope uuid, number bigint, tombstone bytea,
  PRIMARY KEY (id, tenant)
) {id};
CREATE INDEX om_id_tombstone ON om_id (tenant, id) WHERE tombstone IS NOT NULL;

CREATE TABLE om_memory (
  scope uuid, number bigint, tenant text COLLATE "C" NOT NULL, hash bytea NOT NULL,
  agent_id bytea, app_id bytea, run_id bytea, created_at bigint NOT NULL, updated_at bigint NOT NULL,
  record bytea NOT NULL,
  PRIMARY KEY (scope, number)
) {scope:85};
CREATE INDEX om_memory_created ON om_memory (scope, created_at, number);
CREATE INDEX om_memory_tenant ON om_memory (tenant, created_at, number);

-- The texts of a memory, and the scope's key of each, by which a text is found that is there already.
CREATE TABLE om_text (
  scope uuid, number bigint, hash bytea, key bytea NOT NULL, content bytea NOT NULL,
  PRIMARY KEY (scope, number, hash)
) {scope:100};
CREATE INDEX om_text_key ON om_text (scope, key);

-- The newest text as the index needs it: its words and vectors.
CREATE TABLE om_index_entry (
  scope uuid, number bigint, record bytea NOT NULL,
  PRIMARY KEY (scope, number)
) {scope:85};

-- The vectors of texts that were replaced.
CREATE TABLE om_embedding (
  scope uuid, number bigint, hash bytea, record bytea NOT NULL,
  PRIMARY KEY (scope, number, hash)
) {scope:100};

CREATE TABLE om_history (
  scope uuid, number bigint, version bigint, record bytea NOT NULL,
  PRIMARY KEY (scope, number, version)
) {scope:100};

-- Written often and small.
CREATE TABLE om_dynamics (
  scope uuid, number bigint, record bytea NOT NULL,
  PRIMARY KEY (scope, number)
) {scope:60};

CREATE TABLE om_waypoints (
  scope uuid, number bigint, record bytea NOT NULL,
  PRIMARY KEY (scope, number)
) {scope:70};

-- What each commit changed. The writer is the job, by which it learns whether a commit happened whose answer was lost.
CREATE TABLE om_change (
  scope uuid, seq bigint, tenant text COLLATE "C" NOT NULL, number bigint NOT NULL, id text COLLATE "C" NOT NULL,
  version bigint NOT NULL, kind smallint NOT NULL, at bigint NOT NULL, writer uuid NOT NULL, owner bytea,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (scope, seq)
) {scope:100};
CREATE INDEX om_change_tenant ON om_change (tenant, xid);

-- What was learnt from conversations. A learning is found by its id alone, so it has no scope; it is written while the scope
-- of its user is locked.
CREATE TABLE om_learning (
  tenant text COLLATE "C", id text COLLATE "C", user_id bytea, key text COLLATE "C" NOT NULL, failed boolean NOT NULL,
  record bytea NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX om_learning_key ON om_learning (tenant, key);
CREATE INDEX om_learning_user ON om_learning (tenant, user_id, id);

-- The messages of a user, in the order in which they were said.
CREATE TABLE om_message (
  scope uuid, id text COLLATE "C", tenant text COLLATE "C" NOT NULL, user_id bytea, at bigint NOT NULL, record bytea NOT NULL,
  PRIMARY KEY (scope, id)
) {scope:85};
CREATE INDEX om_message_said ON om_message (scope, at, id);
CREATE INDEX om_message_tenant ON om_message (tenant);

-- Where the versions of a memory come from.
CREATE TABLE om_sources (
  scope uuid, number bigint, tenant text COLLATE "C" NOT NULL, record bytea NOT NULL,
  PRIMARY KEY (scope, number)
) {scope:85};
CREATE INDEX om_sources_tenant ON om_sources (tenant, number);

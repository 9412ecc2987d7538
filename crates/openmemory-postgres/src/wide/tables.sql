-- What proposes candidates where more memories are searched than one process holds. Everything here follows from the other
-- tables, and can be dropped while no server uses it.

-- The tables of earlier versions do not say where a memory is in its run.
DO $$
BEGIN
  IF to_regclass('om_wide_text') IS NOT NULL AND to_regclass('om_wide_run') IS NULL THEN
    DROP TABLE om_wide_scope, om_wide_text;
  END IF;
END
$$;

-- How far the other tables here have followed a scope: up to this time of its clock, or, while it is read for the first time,
-- up to this number.
CREATE TABLE IF NOT EXISTS om_wide_scope (
  scope uuid PRIMARY KEY, tenant text COLLATE "C" NOT NULL, seq bigint NOT NULL, filled_to bigint
);

-- The words of the newest texts, and the other marks by which memories are found, and where each is in its run. The digest is
-- of all that and the vectors: most changes are of salience, and leave it as it is.
CREATE TABLE IF NOT EXISTS om_wide_text (
  scope uuid, number bigint, tenant text COLLATE "C" NOT NULL, digest bytea NOT NULL, marks text[] COLLATE "C" NOT NULL,
  run uuid, created_at bigint NOT NULL,
  PRIMARY KEY (scope, number)
);
-- Every search would read all that waits to be merged into the index.
CREATE INDEX IF NOT EXISTS om_wide_marks ON om_wide_text USING gin (marks) WITH (fastupdate = off);
CREATE INDEX IF NOT EXISTS om_wide_run ON om_wide_text (scope, run, created_at, number) WHERE run IS NOT NULL;

CREATE TABLE IF NOT EXISTS om_wide_vector_{dimensions} (
  scope uuid, number bigint, n smallint, tenant text COLLATE "C" NOT NULL, v halfvec({dimensions}) NOT NULL,
  PRIMARY KEY (scope, number, n)
);
CREATE INDEX IF NOT EXISTS om_wide_nearest_{dimensions} ON om_wide_vector_{dimensions} USING hnsw (v halfvec_cosine_ops);

-- A role that does not own the tables sees the rows of one tenant, as in the others.
DO $$
DECLARE
  target regclass;
BEGIN
  FOREACH target IN ARRAY ARRAY['om_wide_scope', 'om_wide_text', 'om_wide_vector_{dimensions}']::regclass[]
  LOOP
    IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = target) THEN
      EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
      EXECUTE format(
        'CREATE POLICY om_tenant ON %s USING (tenant = current_setting(''openmemory.tenant'', true))', target
      );
    END IF;
  END LOOP;
END
$$

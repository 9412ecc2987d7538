-- Row-level security: a role that does not own the tables sees and writes the rows of one tenant, the one that its transaction
-- names in openmemory.tenant. The owner sees all, so that an earlier server goes on and pg_dump is complete.

-- Rows that an earlier server writes from now on lack their tenant.
ALTER TABLE om_text ADD COLUMN tenant text COLLATE "C";
ALTER TABLE om_index_entry ADD COLUMN tenant text COLLATE "C";
ALTER TABLE om_embedding ADD COLUMN tenant text COLLATE "C";
ALTER TABLE om_history ADD COLUMN tenant text COLLATE "C";
ALTER TABLE om_dynamics ADD COLUMN tenant text COLLATE "C";
ALTER TABLE om_waypoints ADD COLUMN tenant text COLLATE "C";
UPDATE om_text t SET tenant = s.tenant FROM om_scope s WHERE s.scope = t.scope;
UPDATE om_index_entry t SET tenant = s.tenant FROM om_scope s WHERE s.scope = t.scope;
UPDATE om_embedding t SET tenant = s.tenant FROM om_scope s WHERE s.scope = t.scope;
UPDATE om_history t SET tenant = s.tenant FROM om_scope s WHERE s.scope = t.scope;
UPDATE om_dynamics t SET tenant = s.tenant FROM om_scope s WHERE s.scope = t.scope;
UPDATE om_waypoints t SET tenant = s.tenant FROM om_scope s WHERE s.scope = t.scope;

-- All tables that have a tenant, hash partitions too. No subquery: Citus takes none in a policy.
DO $$
DECLARE
  target regclass;
BEGIN
  FOR target IN
    SELECT c.oid FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant'
    WHERE c.relkind IN ('r', 'p') AND c.relname LIKE 'om\_%'
    AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'om_schema'::regclass)
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format(
      'CREATE POLICY om_tenant ON %s USING (tenant = current_setting(''openmemory.tenant'', true))', target
    );
  END LOOP;
END
$$;

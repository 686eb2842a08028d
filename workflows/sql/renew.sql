-- Lengthen a lease the caller still holds; false says that it is lost. A lease is never shortened here.
CREATE OR REPLACE FUNCTION workflow_renew(p_step uuid, p_claim integer, p_lease_seconds double precision)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE workflows_workflowstep SET
        lease_until = greatest(lease_until, clock_timestamp() + make_interval(secs => p_lease_seconds))
        WHERE id = p_step AND claims = p_claim AND status || '' = 'running';
    RETURN FOUND;
END $$;

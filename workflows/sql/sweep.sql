-- Pick up to p_limit steps that are due and that no doorbell was rung for since they became so, or whose
-- doorbell was rung p_again_seconds ago without effect; mark them rung and return their runs and clusters, one row a step.
-- Rows another transaction is moving are passed over: they are in good hands.
CREATE OR REPLACE FUNCTION workflow_due(
    p_limit integer, p_again_seconds double precision, p_max_claims integer
) RETURNS TABLE (run_id uuid, cluster text) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY WITH due AS (
        SELECT step.id FROM workflows_workflowstep AS step
            JOIN workflows_workflowrun AS run ON run.id = step.run_id
            WHERE run.status IN ('queued', 'running', 'waiting')
                AND ((step.status = 'ready' AND step.not_before <= clock_timestamp()
                        AND (step.rung_at IS NULL OR step.rung_at < step.not_before
                            OR step.rung_at < clock_timestamp() - make_interval(secs => p_again_seconds)))
                    OR (step.status = 'running' AND step.lease_until < clock_timestamp()
                        AND workflow_starts(step.id) < p_max_claims
                        AND (step.rung_at IS NULL OR step.rung_at < step.lease_until
                            OR step.rung_at < clock_timestamp() - make_interval(secs => p_again_seconds))))
            ORDER BY step.not_before LIMIT p_limit
            FOR UPDATE OF step SKIP LOCKED
    )
    UPDATE workflows_workflowstep AS step SET rung_at = clock_timestamp()
        FROM due WHERE step.id = due.id RETURNING step.run_id, step.cluster::text;
END $$;

-- The steps that were claimed p_max_claims times in a row without an end and whose last lease has run out:
-- they take their worker down.
CREATE OR REPLACE FUNCTION workflow_exhausted(p_limit integer, p_max_claims integer)
RETURNS TABLE (step_id uuid, claim integer) LANGUAGE sql AS $$
    SELECT step.id, step.claims FROM workflows_workflowstep AS step
        JOIN workflows_workflowrun AS run ON run.id = step.run_id
        WHERE run.status IN ('queued', 'running', 'waiting')
            AND step.status = 'running' AND step.lease_until < clock_timestamp()
            AND workflow_starts(step.id) >= p_max_claims
        ORDER BY step.lease_until LIMIT p_limit;
$$;

-- Give a lease back at once: its holder is known to be gone.
CREATE OR REPLACE FUNCTION workflow_release(p_step uuid, p_claim integer) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE workflows_workflowstep SET lease_until = clock_timestamp()
        WHERE id = p_step AND claims = p_claim AND status || '' = 'running' AND lease_until > clock_timestamp();
    RETURN FOUND;
END $$;

-- Up to p_limit waiting steps whose time to be taken up again has come.
CREATE OR REPLACE FUNCTION workflow_waking(p_limit integer) RETURNS SETOF uuid
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT step.id FROM workflows_workflowstep AS step
        JOIN workflows_workflowrun AS run ON run.id = step.run_id
        WHERE run.status IN ('running', 'waiting')
            AND step.status = 'waiting' AND step.wake_at <= clock_timestamp()
        ORDER BY step.wake_at LIMIT p_limit;
END $$;

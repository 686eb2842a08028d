-- Take one due step of a run: ready and due, or running under a lease that has expired. A worker takes the steps
-- of its own cluster; with p_cluster null, of any.
-- `claims` rises with every taking; it is the fencing token of the one who took it. A step that was taken
-- p_max_claims times in a row without an end is left for the keeper to park.
-- Lock order: run, then step. The clock is the database's.
CREATE OR REPLACE FUNCTION workflow_claim(
    p_run uuid, p_owner text, p_lease_seconds double precision, p_max_claims integer,
    p_cluster text DEFAULT NULL
) RETURNS TABLE (step_id uuid, claim integer)
LANGUAGE plpgsql AS $$
DECLARE
    v_status text;
    v_step workflows_workflowstep%ROWTYPE;
BEGIN
    SELECT status INTO v_status FROM workflows_workflowrun WHERE id = p_run FOR UPDATE;
    IF v_status IS NULL OR v_status NOT IN ('queued', 'running', 'waiting') THEN
        RETURN;
    END IF;
    SELECT * INTO v_step FROM workflows_workflowstep
        WHERE run_id = p_run AND (p_cluster IS NULL OR cluster = p_cluster)
            AND ((status = 'ready' AND not_before <= clock_timestamp())
                OR (status = 'running' AND lease_until < clock_timestamp()
                    AND workflow_starts(id) < p_max_claims))
        ORDER BY position, item, round LIMIT 1 FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE workflows_workflowstep SET
        status = 'running', claims = claims + 1, claimed_by = p_owner,
        lease_until = clock_timestamp() + make_interval(secs => p_lease_seconds),
        started_at = coalesce(started_at, clock_timestamp())
        WHERE id = v_step.id;
    IF v_status <> 'running' THEN
        UPDATE workflows_workflowrun SET
            status = 'running', started_at = coalesce(started_at, clock_timestamp())
            WHERE id = p_run;
        PERFORM workflow_event(p_run, 'run.running', '{}');
    END IF;
    PERFORM workflow_event(p_run, 'step.running', jsonb_build_object(
        'key', v_step.key, 'item', v_step.item, 'round', v_step.round, 'claim', v_step.claims + 1));
    RETURN QUERY SELECT v_step.id, v_step.claims + 1;
END $$;

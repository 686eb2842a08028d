-- Count a step that has ended off the steps that wait for it. A step whose count reaches zero becomes
-- ready, or, when it needs success and one before it had none, is skipped and counted off in turn.
CREATE OR REPLACE FUNCTION workflow_settle(p_run uuid, p_step uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_ended uuid[] := ARRAY[p_step];
    v_now uuid;
    v_next record;
BEGIN
    WHILE cardinality(v_ended) > 0 LOOP
        v_now := v_ended[1];
        v_ended := v_ended[2:];
        FOR v_next IN
            UPDATE workflows_workflowstep AS down SET
                open_dependencies = down.open_dependencies - 1,
                broken_dependencies = down.broken_dependencies + (up.status <> 'succeeded')::integer,
                not_before = clock_timestamp(),
                finished_at = CASE WHEN down.open_dependencies > 1 OR down.runs_when = 'all_settled'
                    OR (down.broken_dependencies = 0 AND up.status = 'succeeded')
                    THEN NULL ELSE clock_timestamp() END,
                status = CASE WHEN down.open_dependencies > 1 THEN 'pending'
                    WHEN down.runs_when = 'all_settled'
                        OR (down.broken_dependencies = 0 AND up.status = 'succeeded') THEN 'ready'
                    ELSE 'skipped' END
                FROM workflows_stepdependency AS edge
                JOIN workflows_workflowstep AS up ON up.id = edge.upstream_id
                WHERE edge.upstream_id = v_now AND down.id = edge.downstream_id AND down.status = 'pending'
                RETURNING down.id, down.key, down.item, down.round, down.status
        LOOP
            IF v_next.status = 'skipped' THEN
                v_ended := v_ended || v_next.id;
            END IF;
            IF v_next.status <> 'pending' THEN
                PERFORM workflow_event(p_run, 'step.' || v_next.status, jsonb_build_object(
                    'key', v_next.key, 'item', v_next.item, 'round', v_next.round));
            END IF;
        END LOOP;
    END LOOP;
END $$;

-- End a run none of whose steps is open any more: failed if one failed, else succeeded. A run that a person
-- paused or cancelled meanwhile stays as it is: a step's result is never refused for it.
CREATE OR REPLACE FUNCTION workflow_close(p_run uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_status text;
BEGIN
    IF EXISTS (SELECT FROM workflows_workflowstep
            WHERE run_id = p_run AND status IN ('pending', 'ready', 'running', 'waiting'))
        OR NOT EXISTS (SELECT FROM workflows_workflowrun
            WHERE id = p_run AND status IN ('queued', 'running', 'waiting')) THEN
        RETURN;
    END IF;
    -- What was done again counts as it came out last.
    SELECT CASE WHEN (SELECT cancel_requested_at FROM workflows_workflowrun WHERE id = p_run) IS NOT NULL
            THEN 'cancelled'
        WHEN bool_or(step.status = 'failed') THEN 'failed' ELSE 'succeeded' END INTO v_status
        FROM workflows_workflowstep AS step WHERE step.run_id = p_run AND NOT EXISTS (
            SELECT FROM workflows_workflowstep AS later WHERE later.run_id = p_run
                AND later.key = step.key AND later.item = step.item AND later.round > step.round);
    UPDATE workflows_workflowrun SET status = v_status, finished_at = clock_timestamp() WHERE id = p_run;
    PERFORM workflow_event(p_run, 'run.' || v_status, '{}');
END $$;

-- Mark the run's due steps that no doorbell was rung for as rung, and return how many there are.
CREATE OR REPLACE FUNCTION workflow_to_ring(p_run uuid) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_due integer;
BEGIN
    IF NOT EXISTS (SELECT FROM workflows_workflowrun
            WHERE id = p_run AND status IN ('queued', 'running', 'waiting')) THEN
        RETURN 0;
    END IF;
    UPDATE workflows_workflowstep SET rung_at = clock_timestamp()
        WHERE run_id = p_run AND status = 'ready' AND not_before <= clock_timestamp()
            AND (rung_at IS NULL OR rung_at < not_before);
    GET DIAGNOSTICS v_due = ROW_COUNT;
    RETURN v_due;
END $$;

-- Let a run say that it waits, once all that is left of it waits for a person.
CREATE OR REPLACE FUNCTION workflow_wait(p_run uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM workflows_workflowstep WHERE run_id = p_run AND status = 'waiting')
        AND NOT EXISTS (SELECT FROM workflows_workflowstep
            WHERE run_id = p_run AND status IN ('ready', 'running')) THEN
        UPDATE workflows_workflowrun SET status = 'waiting' WHERE id = p_run AND status = 'running';
        IF FOUND THEN
            PERFORM workflow_event(p_run, 'run.waiting', '{}');
        END IF;
    END IF;
END $$;

-- Give a waiting step its outcome from outside: a person's decision. In one transaction with all that follows;
-- the caller rings for the clusters returned. Null says that the step does not wait (any more).
-- p_outcome: {"status": "succeeded" | "failed" | "skipped", "output", "error"}. Lock order: run, then step.
CREATE OR REPLACE FUNCTION workflow_resume(p_step uuid, p_outcome jsonb) RETURNS text[]
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    v_run uuid;
    v_step workflows_workflowstep%ROWTYPE;
    v_news jsonb;
BEGIN
    SELECT run_id INTO v_run FROM workflows_workflowstep WHERE id = p_step;
    PERFORM FROM workflows_workflowrun WHERE id = v_run FOR UPDATE;
    UPDATE workflows_workflowstep SET
        status = p_outcome ->> 'status', wake_at = NULL,
        output = p_outcome -> 'output',
        error = coalesce(p_outcome ->> 'error', ''),
        finished_at = clock_timestamp()
        WHERE id = p_step AND status || '' = 'waiting'
        RETURNING * INTO v_step;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    v_news := workflow_news('step.' || v_step.status, jsonb_build_object(
        'key', v_step.key, 'item', v_step.item, 'round', v_step.round, 'error', nullif(v_step.error, '')))
        || workflow_settle(p_step, v_step.status);
    v_news := v_news || workflow_close(v_run);
    PERFORM workflow_say(v_run, v_news);
    RETURN workflow_to_ring(v_run);
END $$;

-- Let a waiting step be taken up again. The caller rings for the clusters returned. Null says that the step
-- does not wait (any more). What it was claimed for before does not count as a start without an end.
CREATE OR REPLACE FUNCTION workflow_wake(p_step uuid) RETURNS text[]
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    v_run uuid;
    v_step workflows_workflowstep%ROWTYPE;
BEGIN
    SELECT run_id INTO v_run FROM workflows_workflowstep WHERE id = p_step;
    PERFORM FROM workflows_workflowrun WHERE id = v_run FOR UPDATE;
    UPDATE workflows_workflowstep SET
        status = 'ready', wake_at = NULL, error = '', not_before = clock_timestamp()
        WHERE id = p_step AND status || '' = 'waiting'
        RETURNING * INTO v_step;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM workflow_event(v_run, 'step.ready', jsonb_build_object(
        'key', v_step.key, 'item', v_step.item, 'round', v_step.round, 'claim', v_step.claims));
    RETURN workflow_to_ring(v_run);
END $$;

-- Count a step that has ended, as p_status, off the steps that wait for it. A step whose count reaches zero becomes
-- ready, or, when it needs success and one before it had none, is skipped and counted off in turn.
-- Returns the events still to be said, one for each step that is no longer pending.
CREATE OR REPLACE FUNCTION workflow_settle(p_step uuid, p_status text) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_ended uuid[] := ARRAY[p_step];
    v_now uuid;
    v_is_broken integer := (p_status <> 'succeeded')::integer;
    v_next record;
    v_news jsonb := '[]';
BEGIN
    WHILE cardinality(v_ended) > 0 LOOP
        v_now := v_ended[1];
        v_ended := v_ended[2:];
        FOR v_next IN
            UPDATE workflows_workflowstep AS down SET
                open_dependencies = down.open_dependencies - 1,
                broken_dependencies = down.broken_dependencies + v_is_broken,
                -- An indexed column that stays as it is keeps the indexes out of this.
                not_before = CASE WHEN down.open_dependencies > 1 THEN down.not_before ELSE clock_timestamp() END,
                finished_at = CASE WHEN down.open_dependencies > 1 OR down.runs_when = 'all_settled'
                    OR down.broken_dependencies + v_is_broken = 0
                    THEN NULL ELSE clock_timestamp() END,
                status = CASE WHEN down.open_dependencies > 1 THEN 'pending'
                    WHEN down.runs_when = 'all_settled'
                        OR down.broken_dependencies + v_is_broken = 0 THEN 'ready'
                    ELSE 'skipped' END
                WHERE down.status || '' = 'pending' AND down.id = ANY (ARRAY(
                    SELECT downstream_id FROM workflows_stepdependency WHERE upstream_id = v_now))
                RETURNING down.id, down.key, down.item, down.round, down.status
        LOOP
            IF v_next.status = 'skipped' THEN
                v_ended := v_ended || v_next.id;
            END IF;
            IF v_next.status <> 'pending' THEN
                v_news := v_news || workflow_news('step.' || v_next.status, jsonb_build_object(
                    'key', v_next.key, 'item', v_next.item, 'round', v_next.round));
            END IF;
        END LOOP;
        v_is_broken := 1; -- what follows was skipped
    END LOOP;
    RETURN v_news;
END $$;

-- End a run none of whose steps is open any more: failed if one failed, else succeeded. A run that a person
-- paused or cancelled meanwhile stays as it is: a step's result is never refused for it.
-- Returns the events still to be said.
CREATE OR REPLACE FUNCTION workflow_close(p_run uuid) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_status text;
BEGIN
    IF EXISTS (SELECT FROM workflows_workflowstep
            WHERE run_id = p_run AND status IN ('pending', 'ready', 'running', 'waiting'))
        OR NOT EXISTS (SELECT FROM workflows_workflowrun
            WHERE id = p_run AND status IN ('queued', 'running', 'waiting')) THEN
        RETURN '[]';
    END IF;
    -- What was done again counts as it came out last.
    SELECT CASE WHEN (SELECT cancel_requested_at FROM workflows_workflowrun WHERE id = p_run) IS NOT NULL
            THEN 'cancelled'
        WHEN bool_or(step.status = 'failed') THEN 'failed' ELSE 'succeeded' END INTO v_status
        FROM workflows_workflowstep AS step WHERE step.run_id = p_run AND NOT EXISTS (
            SELECT FROM workflows_workflowstep AS later WHERE later.run_id = p_run
                AND later.key = step.key AND later.item = step.item AND later.round > step.round);
    UPDATE workflows_workflowrun SET status = v_status, finished_at = clock_timestamp() WHERE id = p_run;
    RETURN workflow_news('run.' || v_status, '{}');
END $$;

-- Mark the run's due steps that no doorbell was rung for as rung, and return their clusters, one each. Steps of
-- the cluster p_except are left out: a worker that goes on with this run comes to them, and the keeper rings for
-- what it did not come to.
CREATE OR REPLACE FUNCTION workflow_to_ring(p_run uuid, p_except text DEFAULT NULL) RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
    v_clusters text[];
BEGIN
    IF NOT EXISTS (SELECT FROM workflows_workflowrun
            WHERE id = p_run AND status IN ('queued', 'running', 'waiting')) THEN
        RETURN '{}';
    END IF;
    WITH rung AS (
        UPDATE workflows_workflowstep SET rung_at = clock_timestamp()
            WHERE run_id = p_run AND status IN ('pending', 'ready', 'running', 'waiting')
                AND status || '' = 'ready' AND not_before <= clock_timestamp()
                AND (rung_at IS NULL OR rung_at < not_before) AND cluster IS DISTINCT FROM p_except
            RETURNING cluster
    )
    SELECT coalesce(array_agg(cluster), '{}') INTO v_clusters FROM rung;
    RETURN v_clusters;
END $$;

-- Let a run say that it waits, once all that is left of it waits for a person or a time.
-- Returns the events still to be said.
CREATE OR REPLACE FUNCTION workflow_wait(p_run uuid) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT bool_or(status = 'waiting') AND NOT bool_or(status IN ('ready', 'running'))
            FROM workflows_workflowstep
            WHERE run_id = p_run AND status IN ('pending', 'ready', 'running', 'waiting')) THEN
        UPDATE workflows_workflowrun SET status = 'waiting' WHERE id = p_run AND status = 'running';
        IF FOUND THEN
            RETURN workflow_news('run.waiting', '{}');
        END IF;
    END IF;
    RETURN '[]';
END $$;

-- Count off a step that came to its end with its row, as one taken over from another run does. The caller has
-- locked the run's row.
CREATE OR REPLACE FUNCTION workflow_count_off(p_run uuid, p_step uuid) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    PERFORM workflow_say(p_run, workflow_settle(p_step, status))
        FROM workflows_workflowstep WHERE id = p_step;
END $$;

-- End a run of which nothing is left, or let it say that it waits; say so, and return the clusters to ring.
-- For what moves a run's steps from outside, the caller having locked its row.
CREATE OR REPLACE FUNCTION workflow_go_on(p_run uuid) RETURNS text[]
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    v_clusters text[];
    v_news jsonb;
BEGIN
    v_news := workflow_close(p_run);
    v_clusters := workflow_to_ring(p_run);
    PERFORM workflow_say(p_run, v_news || workflow_wait(p_run));
    RETURN v_clusters;
END $$;

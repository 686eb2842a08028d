-- All that a claimed step needs and that its claim does not change, with what the steps before it came to, so
-- that a worker need not ask again. {"id", "run_id", …, "before": [[key, item, status, output], …]}.
CREATE OR REPLACE FUNCTION workflow_work(p_step uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
DECLARE
    v_work jsonb;
BEGIN
    SELECT jsonb_build_object(
            'id', step.id, 'run_id', step.run_id, 'key', step.key, 'item', step.item, 'round', step.round,
            'item_value', step.item_value, 'feedback', step.feedback, 'position', step.position,
            'kind', step.kind, 'cluster', step.cluster, 'tries', step.tries, 'approval_id', step.approval_id,
            'before', (
                SELECT coalesce(jsonb_agg(jsonb_build_array(up.key, up.item, up.status, up.output)
                        ORDER BY up.item, up.round), '[]')
                    FROM workflows_workflowstep AS up WHERE up.id = ANY (ARRAY(
                        SELECT upstream_id FROM workflows_stepdependency WHERE downstream_id = p_step))))
        INTO v_work FROM workflows_workflowstep AS step WHERE step.id = p_step;
    RETURN v_work;
END $$;

-- Take one due step of a run whose row the caller has locked: ready and due, or running under a lease that has
-- expired. A worker takes the steps of its own cluster; with p_cluster null, of any.
-- A lease is held exactly while a step runs (`workflow_step_is_sound`), so that one without is ready.
-- `claims` rises with every taking; it is the fencing token of the one who took it. A step that was taken
-- p_max_claims times in a row without an end is left for the keeper to park.
-- Returns nulls when there is none, else the step with its claim, and the events still to be said.
CREATE OR REPLACE FUNCTION workflow_take(
    p_run uuid, p_status text, p_owner text, p_lease_seconds double precision, p_max_claims integer, p_cluster text,
    OUT step_id uuid, OUT claim integer, OUT news jsonb
) LANGUAGE plpgsql AS $$
DECLARE
    v_key text;
    v_item integer;
    v_round integer;
BEGIN
    news := '[]';
    IF p_status IS NULL OR p_status NOT IN ('queued', 'running', 'waiting') THEN
        RETURN;
    END IF;
    UPDATE workflows_workflowstep SET
        status = 'running', claims = claims + 1, claimed_by = p_owner,
        lease_until = clock_timestamp() + make_interval(secs => p_lease_seconds),
        started_at = coalesce(started_at, clock_timestamp())
        WHERE id = (
            SELECT id FROM workflows_workflowstep
                WHERE run_id = p_run AND status IN ('ready', 'running')
                    AND (p_cluster IS NULL OR cluster = p_cluster)
                    AND ((lease_until IS NULL AND not_before <= clock_timestamp())
                        OR (lease_until < clock_timestamp() AND workflow_starts(id) < p_max_claims))
                ORDER BY position, item, round LIMIT 1)
            -- Its holder may have lengthened the lease meanwhile, without the run's lock.
            AND (lease_until IS NULL OR lease_until < clock_timestamp())
        RETURNING id, claims, key, item, round INTO step_id, claim, v_key, v_item, v_round;
    IF step_id IS NULL THEN
        RETURN;
    END IF;
    IF p_status <> 'running' THEN
        UPDATE workflows_workflowrun SET
            status = 'running', started_at = coalesce(started_at, clock_timestamp())
            WHERE id = p_run;
        news := workflow_news('run.running', '{}');
    END IF;
    news := news || workflow_news('step.running', jsonb_build_object(
        'key', v_key, 'item', v_item, 'round', v_round, 'claim', claim));
END $$;

-- Take one due step of a run, as `workflow_take` does. Lock order: run, then step. The clock is the database's.
CREATE OR REPLACE FUNCTION workflow_claim(
    p_run uuid, p_owner text, p_lease_seconds double precision, p_max_claims integer,
    p_cluster text DEFAULT NULL
) RETURNS TABLE (step_id uuid, claim integer, work jsonb)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    v_status text;
    v_news jsonb;
BEGIN
    SELECT status INTO v_status FROM workflows_workflowrun WHERE id = p_run FOR UPDATE;
    SELECT took.step_id, took.claim, took.news INTO step_id, claim, v_news
        FROM workflow_take(p_run, v_status, p_owner, p_lease_seconds, p_max_claims, p_cluster) AS took;
    IF step_id IS NOT NULL THEN
        PERFORM workflow_say(p_run, v_news);
        work := workflow_work(step_id);
        RETURN NEXT;
    END IF;
END $$;

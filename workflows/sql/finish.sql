-- Record what a claimed step came to, in one transaction with all that follows from it: the result where
-- claim and state still match (else `lease lost`, and nothing is written), the successors, the end of the
-- run, the events, and, where p_lease_seconds is given, the claim of one successor of the same cluster for the caller.
--
-- p_outcome: {"status": "succeeded" | "failed" | "ready" | "waiting", "output", "error", "traceback", "delay_seconds",
-- "counts_as_try", "agent_run_id", "approval_id"}; "ready" is another try, not before `delay_seconds` from now; "waiting" is for a
-- person, or, with `delay_seconds`, for a time.
-- p_is_busy: nobody of this cluster is free, so that whoever goes on with the run here rings for none of its steps.
-- Returns the step claimed for the caller with its work (or nulls) and the clusters of the steps that want a doorbell.
CREATE OR REPLACE FUNCTION workflow_finish(
    p_step uuid, p_claim integer, p_outcome jsonb,
    p_owner text, p_lease_seconds double precision, p_max_claims integer, p_is_busy boolean DEFAULT false
) RETURNS TABLE (next_step uuid, next_claim integer, work jsonb, due text[])
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    v_run uuid;
    v_run_status text;
    v_is_cancelled boolean;
    v_status text := p_outcome ->> 'status';
    v_step workflows_workflowstep%ROWTYPE;
    v_news jsonb;
    v_taken jsonb;
    v_settled integer := 0;
BEGIN
    SELECT id, status, cancel_requested_at IS NOT NULL INTO v_run, v_run_status, v_is_cancelled
        FROM workflows_workflowrun
        WHERE id = (SELECT run_id FROM workflows_workflowstep WHERE id = p_step) FOR UPDATE;
    -- In a run that was cancelled nothing is taken up again, but for what is on its way to somebody outside.
    IF v_is_cancelled AND v_status IN ('ready', 'waiting') AND NOT EXISTS (SELECT FROM workflows_effect
            WHERE step_id = p_step AND status IN ('sending', 'sent', 'unknown', 'confirmed')) THEN
        v_status := 'cancelled';
    END IF;
    UPDATE workflows_workflowstep SET
        status = v_status, lease_until = NULL,
        output = p_outcome -> 'output',
        error = coalesce(p_outcome ->> 'error', ''),
        traceback = coalesce(p_outcome ->> 'traceback', ''),
        agent_run_id = coalesce((p_outcome ->> 'agent_run_id')::uuid, agent_run_id),
        tries = tries + coalesce((p_outcome ->> 'counts_as_try')::boolean, false)::integer,
        not_before = clock_timestamp()
            + make_interval(secs => coalesce((p_outcome ->> 'delay_seconds')::double precision, 0)),
        wake_at = CASE WHEN v_status = 'waiting'
            THEN clock_timestamp() + make_interval(secs => (p_outcome ->> 'delay_seconds')::double precision) END,
        approval_id = coalesce((p_outcome ->> 'approval_id')::uuid, approval_id),
        finished_at = CASE WHEN v_status IN ('ready', 'waiting') THEN NULL ELSE clock_timestamp() END
        WHERE id = p_step AND claims = p_claim AND status || '' = 'running'
        RETURNING * INTO v_step;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'lease lost' USING ERRCODE = 'TK001';
    END IF;
    v_news := workflow_news('step.' || v_status, jsonb_build_object(
        'key', v_step.key, 'item', v_step.item, 'round', v_step.round, 'claim', p_claim,
        'error', nullif(v_step.error, ''),
        'not_before', CASE WHEN v_status = 'ready' THEN v_step.not_before END, 'wake_at', v_step.wake_at));
    IF v_status NOT IN ('ready', 'waiting') THEN
        v_news := v_news || workflow_settle(p_step, v_status);
        v_settled := jsonb_array_length(v_news) - 1;
    END IF;
    IF p_lease_seconds IS NOT NULL THEN
        SELECT step_id, claim, news INTO next_step, next_claim, v_taken FROM workflow_take(
            v_run, v_run_status, p_owner, p_lease_seconds, p_max_claims, v_step.cluster);
        v_news := v_news || v_taken;
    END IF;
    IF next_step IS NULL AND v_status NOT IN ('ready', 'waiting') THEN
        v_news := v_news || workflow_close(v_run);
    END IF;
    IF next_step IS NULL THEN
        due := workflow_to_ring(v_run);
        v_news := v_news || workflow_wait(v_run);
    ELSE
        -- What was due before was rung for when it became so; where all that became due now is what was taken,
        -- there is nothing to ring for. The items of a loop became due with its beginning.
        due := CASE WHEN v_status = 'ready' OR v_step.kind = 'expand' OR v_settled > 1
                OR v_settled = 1 AND v_news -> 1 -> 'data' <> (v_taken -> -1 -> 'data') - 'claim'
            THEN workflow_to_ring(v_run, CASE WHEN p_is_busy THEN v_step.cluster END) ELSE '{}' END;
        work := workflow_work(next_step);
    END IF;
    PERFORM workflow_say(v_run, v_news);
    RETURN NEXT;
END $$;

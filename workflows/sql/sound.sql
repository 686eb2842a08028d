-- What must hold of every row, as one function for each table: PostgreSQL reads a CHECK anew from its stored text with
-- every statement that writes its table, and a call is a tenth of the text that these rules were (docs/performance.md).
-- Each refusal names its rule, as a CHECK of its own would. A rule that is changed here is not held against the rows
-- there are: a migration that changes one drops the constraint and adds it again.

-- Never folded to a constant, which would refuse everything at once: what is given is no constant.
CREATE OR REPLACE FUNCTION workflow_unsound(p_rule text, p_status text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RAISE EXCEPTION 'a row that is "%" violates the rule "%"', p_status, p_rule USING ERRCODE = 'check_violation', CONSTRAINT = p_rule;
END $$;

CREATE OR REPLACE FUNCTION workflow_step_is_sound(
    p_status text, p_cluster text, p_output jsonb, p_error text, p_lease_until timestamptz, p_wake_at timestamptz,
    p_taken_from uuid, p_taken_sha256 text, p_item integer, p_round integer, p_position integer,
    p_open_dependencies integer, p_broken_dependencies integer, p_claims integer, p_tries integer
) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE
        WHEN p_status NOT IN ('pending', 'ready', 'running', 'waiting', 'succeeded', 'failed', 'skipped', 'cancelled')
            THEN workflow_unsound('step_status_known', p_status)
        WHEN p_cluster NOT IN ('short', 'long') THEN workflow_unsound('step_cluster_known', p_status)
        WHEN (p_status = 'running') <> (p_lease_until IS NOT NULL) THEN workflow_unsound('step_lease_while_running', p_status)
        WHEN p_status = 'succeeded' AND p_output IS NULL THEN workflow_unsound('step_success_has_output', p_status)
        WHEN p_status = 'failed' AND p_error = '' THEN workflow_unsound('step_failure_has_reason', p_status)
        WHEN p_wake_at IS NOT NULL AND p_status <> 'waiting' THEN workflow_unsound('step_wakes_from_waiting', p_status)
        WHEN least(p_item, p_round, p_position, p_open_dependencies, p_broken_dependencies, p_claims, p_tries) < 0
            THEN workflow_unsound('step_counts_from_zero', p_status)
        WHEN p_taken_from IS NULL THEN p_taken_sha256 = '' OR workflow_unsound('step_taken_over_is_over', p_status)
        ELSE (p_claims = 0 AND p_status IN ('succeeded', 'skipped') AND p_taken_sha256 ~ '^[0-9a-f]{64}$')
            OR workflow_unsound('step_taken_over_is_over', p_status)
    END;
END $$;

CREATE OR REPLACE FUNCTION workflow_run_is_sound(
    p_id uuid, p_status text, p_finished_at timestamptz, p_replay_of uuid
) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE
        WHEN p_status NOT IN ('queued', 'running', 'waiting', 'paused', 'succeeded', 'failed', 'cancelled')
            THEN workflow_unsound('run_status_known', p_status)
        WHEN (p_status IN ('succeeded', 'failed', 'cancelled')) <> (p_finished_at IS NOT NULL)
            THEN workflow_unsound('run_finished_when_over', p_status)
        WHEN p_replay_of = p_id THEN workflow_unsound('run_replays_another', p_status)
        ELSE true
    END;
END $$;

-- Append one event to a run whose row the caller has locked, and tell whoever listens.
CREATE OR REPLACE FUNCTION workflow_event(p_run uuid, p_kind text, p_data jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_seq integer;
BEGIN
    UPDATE workflows_workflowrun SET next_event = next_event + 1 WHERE id = p_run
        RETURNING next_event - 1 INTO v_seq;
    INSERT INTO workflows_runevent (run_id, seq, at, kind, data)
        VALUES (p_run, v_seq, clock_timestamp(), p_kind, p_data);
    PERFORM pg_notify('run_events', p_run::text);
END $$;

-- How often in a row a step was taken without coming back: its claims since the last one that ended in
-- another try or in waiting for a limit, which are no deaths of a worker.
CREATE OR REPLACE FUNCTION workflow_starts(p_step uuid) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT step.claims - coalesce(max((back.data ->> 'claim')::integer), 0)
        FROM workflows_workflowstep AS step
        LEFT JOIN workflows_runevent AS back ON back.run_id = step.run_id AND back.kind = 'step.ready'
            AND back.data @> jsonb_build_object('key', step.key, 'item', step.item, 'round', step.round)
        WHERE step.id = p_step
        GROUP BY step.claims;
$$;

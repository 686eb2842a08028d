-- A list of one event, to be said with others. p_data may hold nulls: they are left out.
CREATE OR REPLACE FUNCTION workflow_news(p_kind text, p_data jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_array(jsonb_build_object('kind', p_kind, 'data', jsonb_strip_nulls(p_data)));
$$;

-- Append events to a run whose row the caller has locked, in order, and tell whoever listens.
-- p_news: [{"kind", "data"}, …]. All at once: each would else be a new version of the run's row.
CREATE OR REPLACE FUNCTION workflow_say(p_run uuid, p_news jsonb) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    v_count integer := jsonb_array_length(p_news);
    v_first integer;
BEGIN
    IF v_count = 0 THEN
        RETURN;
    END IF;
    UPDATE workflows_workflowrun SET next_event = next_event + v_count WHERE id = p_run
        RETURNING next_event - v_count INTO v_first;
    INSERT INTO workflows_runevent (run_id, seq, at, kind, data)
        SELECT p_run, v_first + place - 1, clock_timestamp(), news ->> 'kind', news -> 'data'
            FROM jsonb_array_elements(p_news) WITH ORDINALITY AS said (news, place);
    PERFORM pg_notify('run_events', p_run::text);
END $$;

-- Append one event.
CREATE OR REPLACE FUNCTION workflow_event(p_run uuid, p_kind text, p_data jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM workflow_say(p_run, jsonb_build_array(jsonb_build_object('kind', p_kind, 'data', p_data)));
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

-- Whoever calls from outside enters by a function that plans with enable_seqscan off, so that every read goes by its
-- index whatever tables held when it was planned; those that are only called by such do not set it again.
-- A partial index over the steps of all runs (those ready, those waiting) was nearly empty when it was planned, and so
-- looks cheaper than the run's own steps, and is read as a whole. `status || ''` keeps it out.

-- A list of one event, to be said with others. p_data may hold nulls: they are left out.
CREATE OR REPLACE FUNCTION workflow_news(p_kind text, p_data jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_array(jsonb_build_object('kind', p_kind, 'data', jsonb_strip_nulls(p_data)));
$$;

-- Whether another session listens to what happens in runs. NOTIFY costs a transaction half as much again, lets no two
-- commit at once and wakes every session that listens to anything, so that it is left out while nobody does.
-- Whoever listens holds 1 as long (shared), and having taken it waits once for 2: for those who looked before
-- (`tiktok_ops.live.presence`). Two who look at the same moment may take each other for a listener: no harm.
CREATE OR REPLACE FUNCTION workflow_is_heard() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN NOT pg_try_advisory_xact_lock_shared(7461002, 2)
        OR NOT pg_try_advisory_lock(7461002, 1) OR NOT pg_advisory_unlock(7461002, 1);
END $$;

-- Append events to a run whose row the caller has locked, in order, and tell whoever listens. The lock is what
-- makes the next number the next: nobody else can take it. p_news: [{"kind", "data"}, …].
CREATE OR REPLACE FUNCTION workflow_say(p_run uuid, p_news jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF p_news = '[]' THEN
        RETURN;
    END IF;
    INSERT INTO workflows_runevent (run_id, seq, at, kind, data)
        SELECT p_run, coalesce(newest.seq, 0) + place, clock_timestamp(), news ->> 'kind', news -> 'data'
            FROM jsonb_array_elements(p_news) WITH ORDINALITY AS said (news, place),
                (SELECT max(seq) AS seq FROM workflows_runevent WHERE run_id = p_run) AS newest;
    IF workflow_is_heard() THEN
        PERFORM pg_notify('run_events', p_run::text);
    END IF;
END $$;

-- Append one event to a run.
CREATE OR REPLACE FUNCTION workflow_event(p_run uuid, p_kind text, p_data jsonb) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    PERFORM FROM workflows_workflowrun WHERE id = p_run FOR NO KEY UPDATE;
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

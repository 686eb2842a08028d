-- Write the steps a run begins with and what of them waits for what; its own row is written by the same statement, and
-- foreign keys are looked at when that is committed. Those that are ready count as rung for: the caller does so.
-- p_ids: the steps' ids. p_opening: {"steps": [[key, position, kind, cluster, runs_when, waits for how many], …],
-- "edges": [[upstream, downstream], …]}, the edges by the places of their steps, counted from 1.
CREATE OR REPLACE FUNCTION workflow_begin(p_run uuid, p_ids uuid[], p_opening jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO workflows_workflowstep (
            id, run_id, key, item, round, feedback, position, kind, cluster, status, runs_when,
            open_dependencies, broken_dependencies, claims, tries, claimed_by, error, traceback, taken_sha256,
            not_before, rung_at)
        SELECT p_ids[place], p_run, step ->> 0, 0, 0, '', (step ->> 1)::integer, step ->> 2, step ->> 3,
                CASE waits WHEN 0 THEN 'ready' ELSE 'pending' END, step ->> 4,
                waits, 0, 0, 0, '', '', '', '',
                clock_timestamp(), CASE waits WHEN 0 THEN clock_timestamp() END
            FROM jsonb_array_elements(p_opening -> 'steps') WITH ORDINALITY AS opening (step, place),
                LATERAL CAST(step ->> 5 AS integer) AS waits;
    INSERT INTO workflows_stepdependency (upstream_id, downstream_id)
        SELECT p_ids[(edge ->> 0)::integer], p_ids[(edge ->> 1)::integer]
            FROM jsonb_array_elements(p_opening -> 'edges') AS edge;
END $$;

"""The bugs: what each takes out, as a replacement in one file, and the test that must fail with it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SeededBug:
    """One bug: in `file`, `sound` (which occurs once) becomes `broken`; `test` is a pytest id."""

    name: str
    meaning: str
    file: str
    sound: str
    broken: str
    test: str


BUGS = (
    SeededBug(
        name="no claim",
        meaning="A step another worker holds can be taken at any time.",
        file="workflows/sql/claim.sql",
        sound="                        OR (lease_until < clock_timestamp() AND workflow_starts(id) < p_max_claims))\n"
        "                ORDER BY position, item, round LIMIT 1)\n"
        "            -- Its holder may have lengthened the lease meanwhile, without the run's lock.\n"
        "            AND (lease_until IS NULL OR lease_until < clock_timestamp())\n",
        broken="                        OR workflow_starts(id) < p_max_claims)\n"
        "                ORDER BY position, item, round LIMIT 1)\n",
        test="tests/integration/workflows/test_concurrency.py"
        "::test_claim_the_same_50_runs_from_8_threads_takes_every_step_once",
    ),
    SeededBug(
        name="no fence",
        meaning="A worker whose step was taken over may still write what it came to.",
        file="workflows/sql/finish.sql",
        sound="WHERE id = p_step AND claims = p_claim AND status || '' = 'running'",
        broken="WHERE id = p_step AND status || '' = 'running'",
        test="tests/unit/workflows/test_finish.py::test_finish_with_an_older_claim_leaves_no_trace_of_it",
    ),
    SeededBug(
        name="blind resend",
        meaning="Whoever comes back to an effect that is `sending` sends it again, without asking TikTok.",
        file="workflows/effects/post_video.py",
        sound='        posting = posting.moved("unknown", error=CAME_BACK)\n',
        broken="        return _begin(\n"
        '            posting.moved("prepared", cleared_by=Effect.Clearance.NOTHING_LEFT, error=CAME_BACK)\n'
        "        )\n",
        test="tests/unit/workflows/effects/test_taken_over.py"
        "::test_send_taken_over_by_another_that_dies_too_writes_nothing_and_posts_once[after-upload]",
    ),
    SeededBug(
        name="no sweeper",
        meaning="The keeper does not ring for what is due and was not rung for.",
        file="workflows/keeper.py",
        sound="    while ring_due(limit=PAGE) == PAGE:\n        pass\n",
        broken="",
        test="tests/unit/workflows/test_keeper.py::test_sweep_rings_all_there_is_page_by_page",
    ),
    SeededBug(
        name="approval in two transactions",
        meaning="A decision is committed before the run goes on; a death in between leaves a run nobody can decide on.",
        file="approvals/services.py",
        sound="        pass_by(CrashPoint.IN_DECISION, request_id)\n",
        broken="    with transaction.atomic():\n        pass_by(CrashPoint.IN_DECISION, request_id)\n",
        test="tests/chaos/test_deaths_of_others.py"
        "::test_death_of_whoever_decides_leaves_the_decision_with_all_that_follows_or_nothing"
        "[approval.in_decision-0]",
    ),
)

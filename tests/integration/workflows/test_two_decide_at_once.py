"""Two people decide at once, over two connections: one decision counts, the other is told, one post goes out."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from agents.sandbox.tiktok import ledger as tiktok
from approvals.models import ApprovalRequest, Decision
from approvals.services import AlreadyDecided, approve, reject
from tests.factories.accounts import AccountFactory, WorkspaceFactory, person
from tests.factories.approvals import asked_run, request_of
from tests.factories.posting import asked_post, direct_account, providers, time_passes, work
from tests.forms import times
from tests.processes import wait_until
from tiktok_ops.accounts.models import User
from tiktok_ops.accounts.roles import Role
from workflows.effects.models import Effect
from workflows.models import RunEvent, WorkflowRun

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROUNDS = times(long=50, short=15)
LOCK_WAITS = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


def lock_waits() -> int:
    """Return how many connections wait for a lock right now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # within a transaction the view stands still
        cursor.execute(LOCK_WAITS)
        return int(cursor.fetchone()[0])


def decide_together(asked: ApprovalRequest, people: list[User], verbs: list[str]) -> list[str]:
    """Let each person decide in a thread of their own, all at once; return what each was told."""
    told: list[str] = []
    gate = threading.Barrier(len(people))

    def decide(by: User, verb: str) -> None:
        act: Callable[..., Decision] = approve if verb == "approve" else reject
        gate.wait()
        try:
            act(
                request_id=asked.id,
                by=by,
                channel="admin",
                seen_sha256=asked.payload_sha256,
                comment="Because.",
            )
            told.append("decided")
        except AlreadyDecided as already:
            told.append(str(already))
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=pair) for pair in zip(people, verbs, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return told


def test_two_decisions_at_once_count_once_and_the_other_is_told_by_whom(
    committed_db: str, settings: Any
) -> None:
    settings.PROVIDERS = providers()
    workspace = WorkspaceFactory.create()
    ana = person(workspace, Role.APPROVER, first_name="Ana")
    ben = person(workspace, Role.APPROVER, first_name="Ben")
    outcomes: Counter[str] = Counter()
    for number in range(ROUNDS):
        # An account each: TikTok takes some fifteen posts a day of one.
        account = direct_account(workspace=workspace)
        run = asked_post(account)
        verbs = ["approve", "approve" if number % 2 else "reject"]

        told = decide_together(request_of(run), [ana, ben], verbs)

        decision = Decision.objects.get(request__run_id=run.id)
        others = [sentence for sentence in told if sentence != "decided"]
        said = "approved" if decision.verb == "approve" else "rejected"
        assert len(others) == 1, told
        assert others[0].startswith(f"This was already {said} by {decision.decided_by} at ")
        gate_ended = RunEvent.objects.filter(
            run=run, kind__in=["step.succeeded", "step.skipped"], data__key="gate"
        )
        assert gate_ended.count() == 1
        time_passes(work(run))
        assert len(tiktok.posts(username=account.handle)) == (decision.verb == "approve")
        outcomes[f"{decision.decided_by} {decision.verb}"] += 1
    assert WorkflowRun.objects.count() == Decision.objects.count() == ROUNDS
    approvals = Decision.objects.filter(verb="approve").count()
    assert len(tiktok.posts()) == Effect.objects.filter(status="confirmed").count() == approvals
    assert approvals >= ROUNDS // 2
    print(dict(outcomes))  # noqa: T201


def test_second_decision_waits_for_the_lock_of_the_first(committed_db: str) -> None:
    account = AccountFactory.create()
    people = [person(account.workspace, Role.APPROVER) for _ in range(8)]
    asked = request_of(asked_run(account))
    seen: list[int] = []
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT FROM approvals_approvalrequest WHERE id = %s FOR UPDATE", [asked.id])
        deciding = threading.Thread(
            target=lambda: seen.append(
                decide_together(asked, people, ["approve"] * len(people)).count("decided")
            )
        )
        deciding.start()
        wait_until(lambda: lock_waits() == len(people), seconds=20, what="all wait for the request's lock")
        cursor.execute("COMMIT")
    deciding.join(30)

    assert seen == [1]
    assert Decision.objects.count() == 1

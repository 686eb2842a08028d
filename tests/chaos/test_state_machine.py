"""Anything people, workers and the keeper can do to a run, in any order: no forbidden state, and never stuck."""

from collections import Counter
from contextlib import suppress
from typing import Any, ClassVar

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from approvals.models import ApprovalRequest
from approvals.services import approve, reject
from tests.chaos.run_invariants import check_all
from tests.factories.accounts import person
from tests.factories.agents import made_agent, use_agents
from tests.factories.approvals import given_on
from tests.factories.posting import direct_account
from tests.factories.workflows import agent_node, make_due, report_node, workflow_of
from tests.forms import times
from tiktok_ops.accounts.models import User
from tiktok_ops.accounts.roles import Role
from tiktok_ops.errors import Refused
from workflows.catalogue import store_definition
from workflows.control import cancel_run, pause_run, resume_run, retry_step
from workflows.definitions.own_post import POST, PUBLISH
from workflows.effects import ledger
from workflows.effects.models import Effect
from workflows.engine import run_step
from workflows.keeper import park_exhausted, ring_due, sweep, wake_waiting
from workflows.models import WorkflowStep
from workflows.nodes import Workflow
from workflows.outcomes import Claim, Failed, LeaseLost, Outcome, Skipped, Succeeded, TryAgain, Waits
from workflows.protocol import claim, finish, renew
from workflows.services import start_run
from workflows.validation import parse_workflow
from workflows.work import Work

pytestmark = [pytest.mark.chaos, pytest.mark.django_db]

EXAMPLES = times(long=2_000, short=15)
REACHED = times(
    long={"effect.confirmed", "effect.unknown", "run.retried", "run.cancelled", "ended succeeded"},
    short={"effect.sending", "run.paused", "run.cancelled"},
)
STEPS = 50
MOST_CLAIMS = 6
"""How many claims are remembered, those that were lost included: a worker may come back with one at any time."""

ENDS: tuple[Outcome, ...] = (
    Succeeded(output={"summary": "Done."}),
    Failed(error="It could not be done."),
    TryAgain(error="Later.", delay_seconds=0),
    TryAgain(error="Overloaded.", delay_seconds=60, counts_as_try=False),
    Waits("It waits for its time.", 60),
    Skipped("Its condition does not hold."),
)
NEXT: dict[str, tuple[str, ...]] = {
    "sending": ("sent", "unknown", "prepared", "failed"),
    "sent": ("confirmed", "unknown", "prepared", "failed"),
    "unknown": ("sending", "sent", "confirmed", "prepared", "failed"),
}
"""What a worker may find an effect to have become."""


def redrafted_post() -> Workflow:
    """Return a draft, a gate that may send it back, a post, something beside them, and a report of all."""
    gate = PUBLISH.model_copy(update={"depends_on": ("draft",), "facts": {}, "on_reject": "redraft:draft"})
    return workflow_of(
        agent_node("draft", agent="made"),
        agent_node("beside", "draft", agent="made"),
        gate,
        POST,
        report_node("report", "beside", "gate", "post"),
        slug="redrafted",
    )


ACTS = [
    *(["work_well"] * 3 + ["send"] * 8 + ["end"] * 4 + ["take"] * 2 + ["hold_on"]),
    *(["let_time_pass"] * 3 + ["sweep"] * 2 + ["let_leases_run_out"]),
    *(["decide"] * 4 + ["resume"] * 4 + ["retry"] * 2 + ["pause", "cancel"]),
]
"""What may be done, each as often as it takes for runs to come far."""


class Engine(RuleBasedStateMachine):
    """One run, whoever may touch it, and what must hold after each touch; `reached` counts where it came to."""

    reached: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.account = direct_account()
        store_definition(redrafted_post(), by="a test")
        given = given_on(self.account)
        given.pop("is_branded_content", None)
        self.run = start_run("redrafted", account_id=self.account.id, by="a test", given=given)
        self.ana: User = person(self.account.workspace, Role.APPROVER)
        self.claims: list[Claim] = []
        self.events_seen = 0

    @initialize(began=st.sampled_from(["queued", "asked", "approved"]), data=st.data())
    def begin(self, began: str, data: st.DataObject) -> None:
        """Begin somewhere on the way."""
        if began != "queued":
            self.work_well(data)
        if began == "approved":
            self.answer(is_yes=True)

    def teardown(self) -> None:
        """Forget all of it but where it came to."""
        self.run.refresh_from_db()
        told = self.run.events.values_list("kind", flat=True)
        self.reached.update([f"ended {self.run.status}", *told])
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    @rule(name=st.sampled_from(ACTS), data=st.data())
    def act(self, name: str, data: st.DataObject) -> None:
        """Let one of them do something.

        One rule for all: of many, hypothesis leaves some out in each example, and would seldom get to a post.
        """
        if self.claims or name not in {"end", "hold_on", "send"}:
            getattr(self, name)(data)

    # What workers do.

    def take(self, data: st.DataObject) -> None:
        """Take what is due."""
        self.remember(claim(self.run.id))

    def work_well(self, data: st.DataObject) -> None:
        """Do all that is due, up to what acts outwardly."""
        taken = claim(self.run.id)
        while taken is not None:
            step = WorkflowStep.objects.get(id=taken.step_id)
            if step.kind == "action":
                self.remember(taken)
                return
            if step.kind == "gate":
                run_step(taken, seconds_left=lambda: 0)
                taken = claim(self.run.id)
            else:
                taken = finish(taken, ENDS[0], go_on=True).next_claim

    def end(self, data: st.DataObject) -> None:
        """End a step, whoever has it by now; only the newest claim may."""
        outcome, go_on = data.draw(st.sampled_from(ENDS)), data.draw(st.booleans())
        claimed, step, is_mine = self.some_claim(data)
        if step.kind == "gate" and is_mine:
            run_step(claimed, seconds_left=lambda: 0)
            return
        outcome = self.fitting(step, outcome)
        try:
            self.remember(finish(claimed, outcome, go_on=go_on).next_claim)
        except LeaseLost:
            assert not is_mine
        else:
            assert is_mine

    def hold_on(self, data: st.DataObject) -> None:
        """Renew a lease; only the newest claim may."""
        claimed, _, is_mine = self.some_claim(data)
        try:
            renew(claimed, seconds=100)
        except LeaseLost:
            assert not is_mine
        else:
            assert is_mine

    def send(self, data: st.DataObject) -> None:
        """Bring the effect one move on, as TikTok may let it."""
        claimed, step, is_mine = self.some_claim(data)
        if step.kind != "action":
            return
        work = self.work_of(claimed, step)
        try:
            self.move(data, work, ledger.effect_of(work, kind="post_video"))
        except LeaseLost:
            assert not is_mine
        except ledger.RunStopped:
            self.run.refresh_from_db()
            assert self.run.status == "paused" or self.run.cancel_requested_at is not None
        else:
            assert is_mine

    def move(self, data: st.DataObject, work: Work, effect: Effect) -> None:
        """Move the effect along one of its ways."""
        if effect.status == "prepared":
            ledger.keep_facts(work, effect, {})
            payload = bytes(effect.decision.payload)
            ledger.begin(work, effect, payload=payload, guard=lambda account, creator: None)
        elif effect.status in NEXT:
            ways = NEXT[effect.status]
            to = data.draw(st.sampled_from(ways))
            if to in {"sent", "confirmed"} and not effect.provider_ref:
                ledger.keep_ticket(work, effect, publish_id="v_pub", upload_url="https://x", chunk_bytes=1)
                return
            changes: dict[str, Any] = {"error": "So it came." if to in {"failed", "unknown"} else ""}
            changes |= {"confirmed_by": "provider"} if to == "confirmed" else {}
            changes |= {"provider_ref": "", "cleared_by": "provider"} if to == "prepared" else {}
            ledger.advance(work, effect, to, **changes)

    # What time, death and the keeper do.

    def let_leases_run_out(self, data: st.DataObject) -> None:
        """Let whoever is at work have been away for too long."""
        for step in self.run.steps.filter(status="running"):
            self.call("workflow_release", step.id, step.claims)

    def let_time_pass(self, data: st.DataObject) -> None:
        """Let every wait and every delay be over."""
        self.run.steps.filter(wake_at__isnull=False).update(wake_at=timezone.now())
        for step in self.run.steps.filter(status="ready"):
            make_due(step)

    def sweep(self, data: st.DataObject) -> None:
        """Let the keeper do its round."""
        ring_due(limit=100)
        wake_waiting()
        park_exhausted()
        sweep()

    # What people do.

    def decide(self, data: st.DataObject) -> None:
        """Decide on what is asked: yes, mostly."""
        self.answer(is_yes=data.draw(st.integers(0, 3)) > 0)

    def answer(self, *, is_yes: bool) -> None:
        for asked in ApprovalRequest.objects.filter(run_id=self.run.id, status="open"):
            said: dict[str, Any] = {
                "request_id": asked.id,
                "by": self.ana,
                "channel": "admin",
                "seen_sha256": asked.payload_sha256,
            }
            if is_yes:
                approve(**said)
            else:
                reject(**said, comment="Not like this.")

    def pause(self, data: st.DataObject) -> None:
        """Pause, where that can be done."""
        self.try_to(pause_run, run_id=self.run.id)

    def resume(self, data: st.DataObject) -> None:
        """Resume, where that can be done."""
        self.try_to(resume_run, run_id=self.run.id)

    def cancel(self, data: st.DataObject) -> None:
        """Cancel, where that can be done."""
        self.try_to(cancel_run, run_id=self.run.id)

    def retry(self, data: st.DataObject) -> None:
        """Try what failed again, where that can be done."""
        for step in self.run.steps.filter(status="failed"):
            self.try_to(retry_step, step_id=step.id)

    # What must hold.

    @invariant()
    def all_of_it_holds(self) -> None:
        """Look, after whatever moved something: every move is an event."""
        self.run.refresh_from_db()
        events = self.run.events.count()
        if events == self.events_seen:
            return
        self.events_seen = events
        check_all(self.run)
        good = Counter(claimed.step_id for claimed in self.claims if self.is_good(claimed))
        assert set(good.values()) <= {1}

    # What the rules are made of.

    def remember(self, taken: Claim | None) -> None:
        if taken is not None:
            self.claims = [*self.claims, taken][-MOST_CLAIMS:]

    def some_claim(self, data: st.DataObject) -> tuple[Claim, WorkflowStep, bool]:
        """Return a claim, its step, and whether it is still good."""
        back = data.draw(st.integers(0, 3 * len(self.claims) - 1)) - 2 * len(self.claims)
        claimed = self.claims[::-1][max(0, back)]  # two times in three the newest
        step = WorkflowStep.objects.select_related("run__definition", "run__account").get(id=claimed.step_id)
        return claimed, step, self.is_good(claimed)

    def is_good(self, claimed: Claim) -> bool:
        return WorkflowStep.objects.filter(
            id=claimed.step_id, claims=claimed.number, status="running"
        ).exists()

    def fitting(self, step: WorkflowStep, outcome: Outcome) -> Outcome:
        """Return the outcome, or for an act the one that its effect's status means."""
        effect = Effect.objects.filter(step=step).first()
        if step.kind != "action" or isinstance(outcome, Failed):  # a bug of ours may fail any step
            return outcome
        if effect is None or effect.status == "failed":
            return Failed(error="It was not sent.")
        if effect.status == "confirmed":
            return ENDS[0]
        return outcome if isinstance(outcome, TryAgain) else ENDS[4]

    def work_of(self, claimed: Claim, step: WorkflowStep) -> Work:
        workflow = parse_workflow(step.run.definition.definition)
        gates = self.run.steps.filter(key="gate", status="succeeded").order_by("-round")
        return Work(
            claim=claimed,
            step=step,
            workflow=workflow,
            node=workflow.node(step.key),
            hold=lambda seconds: renew(claimed, seconds=seconds),
            outputs={"gate": gate.output for gate in gates[:1]},  # noqa: B035
        )

    def try_to(self, act: Any, **arguments: Any) -> None:
        with suppress(Refused):
            act(**arguments, by=self.ana)

    def call(self, function: str, *arguments: Any) -> None:
        marks = ", ".join(["%s"] * len(arguments))
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}({marks})", arguments)


def test_whatever_is_done_in_whatever_order_no_run_is_stuck_or_in_a_forbidden_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_agents(monkeypatch, made_agent("made"))
    run_state_machine_as_test(
        Engine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(f"{EXAMPLES} examples of {STEPS} acts: {dict(Engine.reached)}")  # noqa: T201
    assert Engine.reached.keys() >= REACHED, "nothing was shown: the acts did not come far"

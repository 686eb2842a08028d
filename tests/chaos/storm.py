"""Runs of six steps under whatever befalls their workers, and what came of them by TikTok's own ledger."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

import psutil
from django.db import InterfaceError, OperationalError, connection

from agents.sandbox.tiktok import ledger as tiktok
from approvals.models import ApprovalRequest, Decision
from approvals.services import AlreadyDecided, approve
from tests.chaos.test_worker_kill import freeze, kill, work_processes
from tests.factories.accounts import WorkspaceFactory, person
from tests.factories.posting import direct_account, post_brief, video_asset
from tests.factories.workflows import agent_node, report_node, workflow_of
from tests.forms import IS_LONG, times
from tests.processes import Running
from tiktok_ops.accounts.models import User
from tiktok_ops.accounts.roles import Role
from workflows.catalogue import store_definition
from workflows.definitions.own_post import POST, PUBLISH
from workflows.effects.models import Effect
from workflows.models import RunEvent, WorkflowRun, WorkflowStep
from workflows.nodes import WaitNode, Workflow
from workflows.protocol import MAX_CLAIMS
from workflows.retrying import RetryPolicy
from workflows.services import start_run
from workflows.transitions import RUN

AWAY = (OperationalError, InterfaceError)
WORKERS = 3
WHOLE_CLUSTER = WORKERS + 4
"""Its main process, sentinel, monitor and pusher besides."""

MANY_TRIES = RetryPolicy(max_tries=20, base_seconds=0.2, max_seconds=2)
"""A quarter of all calls goes wrong: three tries would often not do."""


def six_steps() -> Workflow:
    """Return two checks, a gate, a post, a wait and a report; all for one cluster, so that one is enough."""
    caption = {"draft": "brief.caption"}
    return workflow_of(
        agent_node("compliance", agent="compliance", inputs=caption),
        agent_node("again", "compliance", agent="compliance", inputs=caption),
        PUBLISH.model_copy(update={"depends_on": ("again",), "facts": {}}),
        POST.model_copy(update={"retry": MANY_TRIES, "timeout_seconds": 120}),
        WaitNode(key="rest", label="Rest", seconds=0.2, depends_on=("post",)),
        report_node("report", "gate", "post", "rest"),
        slug="six_steps",
    )


@dataclass(slots=True)
class Storm:
    """Runs with an account each, and the person who approves what they ask.

    `acknowledged` are the approvals that person was told are done, `unsure` those the database gave no answer to.
    """

    runs: list[WorkflowRun]
    ana: User
    seed: int
    began: float = field(default_factory=time.monotonic)
    acknowledged: set[UUID] = field(default_factory=set)
    unsure: set[UUID] = field(default_factory=set)

    @property
    def ids(self) -> list[UUID]:
        """The runs' ids."""
        return [run.id for run in self.runs]

    def decide(self) -> None:
        """Approve what is asked now; a database that is away is asked again later."""
        with suppress(*AWAY):
            for asked in list(ApprovalRequest.objects.filter(status="open")[:20]):
                try:
                    approve(
                        request_id=asked.id,
                        by=self.ana,
                        channel=Decision.Channel.ADMIN,
                        seen_sha256=asked.payload_sha256,
                    )
                except AlreadyDecided:  # it was, although the database did not live to say so
                    assert asked.id in self.unsure
                except AWAY:
                    self.unsure.add(asked.id)
                    raise
                self.acknowledged.add(asked.id)

    def is_over(self) -> bool:
        """Return whether every run has ended."""
        return not WorkflowRun.objects.filter(id__in=self.ids).exclude(status__in=RUN.terminal).exists()

    def rage(self, disturb: Callable[[], None], *, every_seconds: float, within_seconds: float) -> None:
        """Decide what is asked, and disturb at these intervals, until every run is over; fail after so long."""
        next_at = time.monotonic() + every_seconds
        while not self._is_known_to_be_over():
            late = time.monotonic() - self.began - within_seconds
            assert late < 0, f"runs still open after {within_seconds} s (seed {self.seed}): {self._open()}"
            self.decide()
            if time.monotonic() >= next_at:
                disturb()
                next_at = time.monotonic() + every_seconds
            time.sleep(0.05)

    def _is_known_to_be_over(self) -> bool:
        try:
            return self.is_over()
        except AWAY:
            connection.close()
            return False

    def _open(self) -> list[tuple[str, str, str]]:
        left = WorkflowStep.objects.filter(run_id__in=self.ids).exclude(run__status__in=RUN.terminal)
        return list(left.exclude(status__in=["succeeded", "pending"]).values_list("key", "status", "error"))


def storm(number: int) -> Storm:
    """Start so many runs on accounts of one workspace."""
    workspace = WorkspaceFactory.create()
    accounts = [direct_account(workspace=workspace) for _ in range(number)]
    asset = video_asset(accounts[0])
    workflow = six_steps()
    store_definition(workflow, by="a test")
    ana = person(workspace, Role.APPROVER)
    runs = [
        start_run(workflow.slug, account_id=account.id, by="a test", given=post_brief(asset))
        for account in accounts
    ]
    return Storm(runs, ana, seed=random.randrange(1 << 30))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the runs, in Jepsen's words.

    Lost: an end or an approval that was acknowledged and did not take effect. Duplicated: a post beyond the
    first of a run, a step with two results. Unexpected: a post no effect knows of, or knows otherwise.
    Recovered: a run one of whose steps another process had to take over. Beside them, `unknown` counts the
    effects of which we say honestly that a person has to look: their step took three workers down.
    """

    lost: list[str]
    duplicated: list[str]
    unexpected: list[str]
    recovered: int
    unknown: int
    ended: Counter[str]

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost, done twice, or done that nobody knows of."""
        return not (self.lost or self.duplicated or self.unexpected)

    def __str__(self) -> str:
        return (
            f"lost {len(self.lost)}, duplicated {len(self.duplicated)}, unexpected {len(self.unexpected)}, "
            f"recovered {self.recovered}, unknown {self.unknown}; ended {dict(self.ended)}"
        )


def judge(storm: Storm) -> Verdict:
    """Compare what we say with what TikTok has, run by run."""
    there: dict[str, list[str]] = {}
    for post in tiktok.posts():
        there.setdefault(post.username, []).append(post.publish_id)
    effects = {effect.step.run_id: effect for effect in Effect.objects.select_related("step")}
    approved = set(ApprovalRequest.objects.filter(decisions__verb="approve").values_list("run_id", flat=True))
    lost, duplicated, unexpected = [], [], []
    recovered = 0
    for run in WorkflowRun.objects.filter(id__in=storm.ids).select_related("account"):
        posts, effect = there.pop(run.account.handle, []), effects.get(run.id)
        is_confirmed = effect is not None and effect.status == "confirmed"
        name = f"run {run.id} ({run.status}, effect {effect and effect.status}, posts {posts})"
        if (is_confirmed and not posts) or (run.id in approved and effect is None):
            lost.append(name)
        if run.status == "succeeded" and not is_confirmed:
            lost.append(name)
        if len(posts) > 1 or has_two_results(run):
            duplicated.append(name)
        is_known = effect is not None and effect.status in {"confirmed", "unknown"}
        if posts and not (is_known and effect and effect.provider_ref in posts):
            unexpected.append(name)
        recovered += was_taken_over(run)
    unexpected += [f"posts on @{handle} that nobody asked for: {posts}" for handle, posts in there.items()]
    answered = set(
        Decision.objects.filter(request_id__in=storm.acknowledged).values_list("request_id", flat=True)
    )
    lost += [f"approval {request}" for request in storm.acknowledged - answered]
    ended = Counter(WorkflowRun.objects.filter(id__in=storm.ids).values_list("status", flat=True))
    unknown = sum(effect.status == "unknown" for effect in effects.values())
    return Verdict(lost, duplicated, unexpected, recovered, unknown, ended)


def has_two_results(run: WorkflowRun) -> bool:
    """Return whether a step of the run ended twice, or its events have a gap."""
    events = list(run.events.order_by("seq").values_list("seq", "kind", "data"))
    ends = Counter(
        (data["key"], data["round"])
        for _, kind, data in events
        if kind in {"step.succeeded", "step.failed", "step.skipped"}
    )
    return any(times > 1 for times in ends.values()) or [seq for seq, *_ in events] != list(
        range(1, len(events) + 1)
    )


def was_taken_over(run: WorkflowRun) -> bool:
    """Return whether a step was taken while, by the events, somebody still had it."""
    at_work: set[str] = set()
    told = RunEvent.objects.filter(run=run, kind__startswith="step.").order_by("seq")
    for kind, data in told.values_list("kind", "data"):
        if kind == "step.running" and data["key"] in at_work:
            return True
        (at_work.add if kind == "step.running" else at_work.discard)(data["key"])
    return False


def unproved_sends() -> list[str]:
    """Return the sends that followed on another without a proof that nothing could come of that one.

    The proof is TikTok's own: of all that was announced for an account, bytes arrived for the last only.
    """
    found = []
    with_bytes = {
        received.publish_id
        for received in tiktok.received(operation="upload")
        if received.outcome in {"201", "206"}
    }
    announced: dict[str, list[str]] = {}
    for received in tiktok.received(operation="init"):
        if received.publish_id:
            announced.setdefault(received.username, []).append(received.publish_id)
    for username, publish_ids in announced.items():
        if earlier := with_bytes & set(publish_ids[:-1]):
            found.append(f"@{username}: {sorted(earlier)} had bytes and were followed by another")
    return found


@dataclass(slots=True)
class Killer:
    """Kills a process of the cluster at a time, `most` of them, sometimes aiming at one that is `sending`."""

    worker: Running
    dice: random.Random
    most: int
    aim_every: int = 3
    kills: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)

    def strike(self) -> None:
        """Freeze somebody, look what they were at, and SIGKILL them.

        One whose death would be a step's third in a row is spared: such a step is parked, which is another test.
        """
        if self.kills.total() >= self.most:
            return
        # A few kills may all miss those that are `sending`; so few as the short form has begin with one that does not.
        must_hit = not IS_LONG and not self.states["sending"]
        aimed = must_hit or self.kills.total() % self.aim_every == 0
        victim = (aimed and self._sender()) or (None if must_hit else self._anybody())
        if victim is None:
            return
        if has_worn_step(victim):
            victim.resume()
            return
        self.kills[self._role_of(victim)] += 1
        self.states[state_of(victim)] += 1
        kill([victim])

    def _anybody(self) -> psutil.Process | None:
        members = work_processes(self.worker)
        # While a cluster starts it is one process only: to kill that again and again shows nothing but patience.
        caught = freeze([self.dice.choice(members)]) if len(members) >= WHOLE_CLUSTER else []
        return caught[0] if caught else None

    def _sender(self) -> psutil.Process | None:
        """Return a frozen process that is `sending`, if one turns up soon; others go on."""
        end = time.monotonic() + times(long=1.5, short=0.5)
        while time.monotonic() < end:
            sending = Effect.objects.filter(status="sending", step__status="running")
            holders = " ".join(f"{holder} " for holder in sending.values_list("step__claimed_by", flat=True))
            for member in work_processes(self.worker):
                if f" {member.pid} " in holders and (caught := freeze([member])):
                    if state_of(member) == "sending":
                        return caught[0]
                    with suppress(psutil.NoSuchProcess):
                        member.resume()
        return None

    def _role_of(self, victim: psutil.Process) -> str:
        """Return what the process is: by its place in the tree, and by whether it holds a step."""
        if state_of(victim) != "nothing":
            return "busy worker"
        with suppress(psutil.NoSuchProcess):
            parents = [parent.pid for parent in victim.parents()]
            depth = parents.index(self.worker.process.pid) if self.worker.process.pid in parents else 9
            return ("main", "sentinel", "idle worker, pusher or monitor")[min(depth, 2)]
        return "gone"

    def __str__(self) -> str:
        return f"kills {dict(self.kills)} in states {dict(self.states)}"


def has_worn_step(victim: psutil.Process) -> bool:
    """Return whether the process, or one that would end with it, is at a step that took two workers down."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT claimed_by FROM workflows_workflowstep WHERE status = 'running' AND workflow_starts(id) >= %s",
            [MAX_CLAIMS],
        )
        holders = " ".join(f"{holder} " for (holder,) in cursor.fetchall())
    with suppress(psutil.NoSuchProcess):
        return any(f" {one.pid} " in holders for one in [victim, *victim.children(recursive=True)])
    return False


def state_of(process: psutil.Process) -> str:
    """Return what a frozen process is at: its effect's status, else its step's key, else nothing."""
    for step in WorkflowStep.objects.filter(status="running").select_related("effect"):
        if f" {process.pid} " in f"{step.claimed_by} ":
            effect = Effect.objects.filter(step=step).first()
            return effect.status if effect else step.key
    return "nothing"


@contextmanager
def told(name: str, storm: Storm) -> Iterator[list[object]]:
    """Say at the end, whatever that is, what was done and under which seed."""
    said: list[object] = []
    try:
        yield said
    finally:
        seconds = time.monotonic() - storm.began
        print(f"{name}: {len(storm.runs)} runs in {seconds:.0f} s, seed {storm.seed}:", *said, sep="\n  ")  # noqa: T201

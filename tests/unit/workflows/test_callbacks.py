"""Waiting for the studio to call back, from the submission to the asset, on the engine."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db.models import F
from pytest_django import Settings

from agents.models import SandboxStudioJob
from agents.providers.errors import ProviderMisconfigured, ProviderUnavailable
from agents.providers.media import Probe
from agents.providers.studio.jobs import Job, JobState, Order, get_studio
from tests.factories.studios import (
    PROMPT,
    MadeStudio,
    job_node,
    sandbox,
    started,
    step,
    time_passes,
    use,
    wait_node,
    work,
)
from tests.factories.webhooks import answer_doorbells
from tests.factories.workflows import agent_node, claim_of, expire_lease, make_due, run_of, workflow_of
from tiktok_ops.content.models import Artifact, Asset
from workflows import studio as studio_nodes
from workflows.catalogue import WORKFLOWS
from workflows.keeper import sweep, wake_waiting
from workflows.models import WorkflowStep
from workflows.nodes import STUDIO_CLIP_OUTPUT, AnyNode, StudioClipNode
from workflows.outcomes import Claim, Failed, LeaseLost, Succeeded
from workflows.overview import overview_of
from workflows.protocol import claim, finish
from workflows.services import start_run
from workflows.validation import DefinitionRefused, InputRefused, check_workflow
from workflows.waiting_nodes import look_again_seconds
from workflows.webhooks.models import WebhookMessage
from workflows.work import Work

pytestmark = pytest.mark.django_db

SECRET = "what-the-studio-signs-with"


@pytest.fixture(autouse=True)
def own_media(settings: Settings, tmp_path: Path) -> None:
    """Have media and a secret of this test's own."""
    settings.MEDIA_ROOT = tmp_path
    settings.WEBHOOK_SECRETS = {"studio": (SECRET,), "tiktok": ()}


def test_run_to_the_clip_goes_on_at_the_signed_callback(settings: Settings) -> None:
    sandbox(settings)
    slug = WORKFLOWS["studio_clip"].slug
    run = work(start_run(slug, account_id=started().account_id, by="test", given=PROMPT))
    assert (run.status, step(run).status) == ("waiting", "waiting")
    SandboxStudioJob.objects.exclude(key=str(step(run, "job").id)).delete()

    SandboxStudioJob.objects.update(done_at=F("begun_at"), callback_at=F("begun_at"))
    sweep()  # the studio calls back; our inbox stores it
    assert WebhookMessage.objects.get().status == "received"
    assert step(run).status == "waiting"
    assert answer_doorbells() == 1
    assert WebhookMessage.objects.get().note == "'made' looks now instead of later."

    run = work(run)
    assert run.status == "succeeded", step(run).error
    output = step(run, "clip").output or {}
    asset = Asset.objects.get(id=output["asset"])
    assert set(output) == set(STUDIO_CLIP_OUTPUT)
    assert Path(asset.file.path).read_bytes()[4:8] == b"ftyp"
    assert (asset.probe["duration_seconds"], asset.rights_note) == (
        3,
        "Made by the studio from a prompt of ours.",
    )
    assert Artifact.objects.get(run_id=run.id).asset == asset


def test_wait_says_on_whom_since_when_and_what_comes_next(settings: Settings) -> None:
    sandbox(settings)
    run = started()
    assert re.fullmatch(
        r"'Being made' waits since .*\d\d:\d\d:\d\d UTC: Being made waits for the studio to call back since "
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC; without a call it is asked, and given up after 3600 seconds; "
        r"it goes on at .*\d\d:\d\d:\d\d UTC\.",
        str(overview_of(run).waiting_on),
    )


@pytest.mark.parametrize("callbacks", [0, 1, 2])
def test_wait_with_the_callback_lost_once_or_twice_ends_all_the_same(
    settings: Settings, callbacks: int
) -> None:
    sandbox(settings, callbacks=callbacks)
    run = started()
    time_passes(61)
    for _ in range(3):
        sweep()
        answer_doorbells()
        run = work(run)
    assert run.status == "succeeded"
    assert WebhookMessage.objects.count() == min(callbacks, 1)
    assert run.events.filter(kind="step.succeeded", data__key="made").count() == 1


def test_wait_without_a_callback_asks_less_and_less_often(settings: Settings) -> None:
    sandbox(settings, callbacks=0, make_seconds=200)
    run = started()
    for seconds in (21, 21, 22):
        time_passes(seconds)
        assert wake_waiting() == 1
        run = work(run)
        assert step(run).status == "waiting"
    time_passes(140)
    wake_waiting()
    assert work(run).status == "succeeded"


def test_wait_longer_than_its_patience_fails_with_a_sentence(settings: Settings) -> None:
    sandbox(settings, callbacks=0, make_seconds=900)
    run = started(job_node(), wait_node(patience_seconds=300))
    time_passes(301)
    wake_waiting()
    run = work(run)
    assert (run.status, step(run).status) == ("failed", "failed")
    assert re.fullmatch(
        r"The studio was not done 300 seconds after .* UTC, which is as long as 'Being made' waits: "
        r"try the step again\.",
        step(run).error,
    )


def test_wait_for_a_job_that_failed_says_why(settings: Settings) -> None:
    sandbox(settings, fail_reason="The prompt is about nothing.")
    run = started()
    time_passes(61)
    sweep()
    answer_doorbells()
    assert work(run).status == "failed"
    assert step(run).error == "The studio could not make it: The prompt is about nothing."


def test_wait_for_a_job_that_was_done_before_anybody_waited_goes_straight_on(settings: Settings) -> None:
    sandbox(settings, make_seconds=0)
    run = started()
    assert run.status == "succeeded"
    sweep()
    answer_doorbells()
    assert WebhookMessage.objects.get().note == "What it is about had ended already."


def test_submit_by_a_worker_that_dies_and_by_the_next_is_one_job(settings: Settings) -> None:
    sandbox(settings)
    run = run_of(workflow_of(job_node(), wait_node(), slug="clips"), given=PROMPT)
    dead = claim(run.id)
    assert dead is not None
    get_studio().submit(Order(**PROMPT), key=str(dead.step_id))  # and here it is killed
    expire_lease(step(run, "job"))
    run = work(run)
    job = SandboxStudioJob.objects.get()
    assert (job.submissions, step(run, "job").output) == (2, {"job": job.job_id, "jobs": [job.job_id]})
    with pytest.raises(LeaseLost):
        finish(dead, Succeeded(output={"job": "other"}), go_on=False)
    assert claim_of(step(run, "job")).number == 2


def test_submit_whose_answer_is_lost_is_tried_again_for_the_same_job(settings: Settings) -> None:
    sandbox(settings, lost_answers=1)
    run = started()
    assert step(run, "job").tries == 1
    make_due(step(run, "job"))
    run = work(run)
    assert (run.status, SandboxStudioJob.objects.get().submissions) == ("waiting", 2)


def test_wait_while_the_studio_cannot_be_asked_waits_on(monkeypatch: pytest.MonkeyPatch) -> None:
    away = ProviderUnavailable("The studio could not be reached; try again.")
    use(monkeypatch, MadeStudio(away, away, Job("job_1", JobState.SUCCEEDED)))
    run = started()
    assert step(run).error.endswith(
        " It could not be asked just now: The studio could not be reached; try again."
    )
    for _ in range(2):
        assert step(run).status == "waiting"
        time_passes(25)
        wake_waiting()
        run = work(run)
    assert run.status == "succeeded"


def test_wait_while_the_studio_refuses_us_fails_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, MadeStudio(ProviderMisconfigured("The studio refused (401); correct STUDIO_API_KEY.")))
    run = started()
    assert step(run).error == "The studio refused (401); correct STUDIO_API_KEY."


def test_wait_for_a_job_that_failed_without_a_word_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, MadeStudio(Job("job_1", JobState.FAILED)))
    assert step(started()).error == "The studio could not make it: it did not say why."


CLIP = StudioClipNode(key="clip", label="Clip", depends_on=("job", "made"), inputs={"job": "job.output.job"})


def test_fetch_a_clip_that_is_no_video_fails_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, MadeStudio(Job("job_1", JobState.SUCCEEDED)))
    run = started(job_node(), wait_node(), CLIP)
    assert step(run, "clip").error == "The file 'clip.mp4' is no video we know; choose an MP4, MOV or WebM."
    assert not Asset.objects.exists()


def test_fetch_a_clip_while_the_studio_is_away_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, MadeStudio(Job("job_1", JobState.SUCCEEDED), clip=ProviderUnavailable("Away.")))
    run = started(job_node(), wait_node(), CLIP)
    assert (step(run, "clip").status, step(run, "clip").tries) == ("ready", 1)


def test_fetch_a_clip_that_is_kept_already_keeps_the_one_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, MadeStudio(Job("job_1", JobState.SUCCEEDED), clip=b"the same bytes"))

    class MadeTranscoder:
        def look_into(self, path: Path) -> Probe:
            return Probe(3, 1080, 1920, 30.0, "h264", "aac", path.stat().st_size)

    monkeypatch.setattr(studio_nodes, "get_transcoder", MadeTranscoder)
    run = started(job_node(), wait_node(), CLIP)
    again = work(run_of(workflow_of(job_node(), wait_node(), CLIP, slug="clips"), run.account, PROMPT))
    assert (run.status, again.status, Asset.objects.count()) == ("succeeded", "succeeded", 1)
    assert UUID((step(again, "clip").output or {})["asset"]) == Asset.objects.get().id


WRONG_ORDERS = [
    ({"prompt": ""}, "prompt is '', which does not do: String should have at least 1 character."),
    ({"seconds": 2}, "seconds is 2, which does not do: Input should be greater than or equal to 3."),
    ({"colour": 1}, "colour is 1, which does not do: Extra inputs are not permitted."),
]


@pytest.mark.parametrize(("changes", "error"), WRONG_ORDERS)
def test_submit_what_nobody_could_make_fails_with_a_sentence(changes: dict[str, Any], error: str) -> None:
    node = job_node()
    given = Work(
        claim=Claim(uuid4(), 1),
        step=WorkflowStep(key="job"),
        workflow=workflow_of(node),
        node=node,
        hold=lambda seconds: None,
        given={**PROMPT, **changes},
    )
    assert studio_nodes.submit_job(given) == Failed(f"The studio cannot be asked for this: {error}")


@pytest.mark.parametrize(("field", "value"), [("prompt", ""), ("seconds", 2), ("seconds", "long")])
def test_start_with_what_nobody_could_make_is_refused(field: str, value: Any) -> None:
    with pytest.raises(InputRefused, match=f"The input '{field}' is {value!r}, which does not do"):
        started(given={**PROMPT, field: value})


def test_start_without_a_prompt_is_refused() -> None:
    with pytest.raises(InputRefused, match="The input lacks 'prompt', which 'Ask the studio' needs"):
        started(given={"seconds": 3})


WRONG = {
    "callback of nobody": (
        [job_node(), wait_node(callback="nobody")],
        "the node 'made' waits for 'nobody' to call back; there are studio.",
    ),
    "callback and seconds": (
        [job_node(), wait_node(seconds=5)],
        "the node 'made' waits `seconds`, or until its input 'until' says, or for a `callback`; give one of them.",
    ),
    "callback about nothing": (
        [job_node(), wait_node(inputs={})],
        "the node 'made' has to be given job.",
    ),
    "callback about what was not submitted here": (
        [job_node(), wait_node(inputs={"job": "brief.job"})],
        "the node 'made' waits for 'studio': give it 'job' from a node before it.",
    ),
    "callback about another node": (
        [agent_node("job", agent="account_health"), wait_node(inputs={"job": "job.output.summary"})],
        "the node 'made' waits for 'studio' to call back about what 'job' asked for, which is no node of the "
        "kind 'studio_job'.",
    ),
    "job without a prompt": (
        [job_node(inputs={"seconds": "brief.seconds"})],
        "the node 'job' has to be given prompt.",
    ),
    "job with more": (
        [job_node(inputs={"prompt": "brief.prompt", "colour": "brief.colour"})],
        "the node 'job' gives 'colour', which a studio's job does not take.",
    ),
    "clip of no job": (
        [StudioClipNode(key="clip", label="Clip")],
        "the node 'clip' has to be given job.",
    ),
}


@pytest.mark.parametrize(("nodes", "sentence"), WRONG.values(), ids=WRONG)
def test_check_nodes_of_the_studio_refuses_what_cannot_run(nodes: list[AnyNode], sentence: str) -> None:
    with pytest.raises(DefinitionRefused) as refused:
        check_workflow(workflow_of(*nodes))
    assert str(refused.value) == f"The workflow 'made' is refused: {sentence}"


@pytest.mark.parametrize(
    ("waited", "left", "pause"),
    [(0, 3600, 20), (30, 3600, 20), (60, 3600, 30), (400, 3600, 200), (7200, 3600, 300), (60, 5, 5)],
)
def test_look_again_in_half_the_time_waited_and_not_after_patience(
    waited: float, left: float, pause: float
) -> None:
    assert look_again_seconds(waited_seconds=waited, left_seconds=left) == pause

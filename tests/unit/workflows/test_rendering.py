"""Making a video in a workflow: a real MP4, measured, kept once, and named in the step's output."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agents.providers.errors import ProviderUnavailable
from agents.providers.media import MediaRefused, Probe
from tests.factories.accounts import AccountFactory
from tests.factories.workflows import agent_node, expire_lease, run_of, workflow_of
from tiktok_ops.content.models import Artifact, Asset
from workflows import rendering
from workflows.engine import advance_run
from workflows.models import WorkflowRun
from workflows.nodes import RENDER_OUTPUT, RenderNode
from workflows.outcomes import Claim
from workflows.rendering import RIGHTS_NOTE, render
from workflows.work import Work

pytestmark = pytest.mark.django_db

GIVEN = {"lines": ["A lamp", "switched on"], "seconds": 3}
FILE = b"a video, as far as this test is concerned"


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    """Have media of this test's own."""
    settings.MEDIA_ROOT = tmp_path


class MadeTranscoder:
    """Makes a file of what it is told, or raises what it was told to."""

    simulated = True

    def __init__(self, trouble: Exception | None = None) -> None:
        self.trouble = trouble
        self.asked: list[tuple[tuple[str, ...], float]] = []

    def render_card_video(self, lines: Sequence[str], *, seconds: float, out: Path) -> Probe:
        """Write the file."""
        self.asked.append((tuple(lines), seconds))
        if self.trouble:
            raise self.trouble
        out.write_bytes(FILE)
        return Probe(seconds, 1080, 1920, 30.0, "h264", "aac", len(FILE))


def use(monkeypatch: pytest.MonkeyPatch, made: MadeTranscoder) -> MadeTranscoder:
    """Have videos made by this one."""
    monkeypatch.setattr(rendering, "get_transcoder", lambda: made)
    return made


def rendering_run(given: dict[str, Any] | None = None) -> WorkflowRun:
    """Return a run of one rendering."""
    node = RenderNode(key="video", label="Video", inputs={"lines": "brief.lines", "seconds": "brief.seconds"})
    return run_of(workflow_of(node, slug="rendering"), given=given or GIVEN)


def work(run: WorkflowRun) -> Any:
    """Do what is due and return the step."""
    advance_run(run.id, seconds_left=lambda: 1000)
    return run.steps.get(key="video")


def test_render_makes_a_real_video_that_was_measured() -> None:
    step = work(rendering_run())

    assert step.status == "succeeded", step.error
    assert set(step.output) == set(RENDER_OUTPUT)
    asset = Asset.objects.get(id=step.output["asset"])
    content = Path(asset.file.path).read_bytes()
    assert content[4:8] == b"ftyp"
    assert hashlib.sha256(content).hexdigest() == asset.sha256 == step.output["asset_sha256"]
    probe = step.output["probe"]
    assert probe["duration_seconds"] == pytest.approx(3, abs=0.2)
    assert (probe["width"], probe["height"], probe["bytes"]) == (1080, 1920, asset.bytes)


def test_render_keeps_it_as_an_asset_of_the_brand_and_an_artifact_of_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = use(monkeypatch, MadeTranscoder())
    run = rendering_run()

    step = work(run)

    asset = Asset.objects.get(id=step.output["asset"])
    account = run.account
    assert made.asked == [(("A lamp", "switched on"), 3.0)]
    assert (asset.workspace_id, asset.brand_id) == (account.workspace_id, account.brand_id)
    assert (asset.media_type, asset.rights_note, asset.rights_expire_at) == ("video/mp4", RIGHTS_NOTE, None)
    [artifact] = Artifact.objects.filter(run_id=run.id)
    assert (artifact.kind, artifact.asset_id, artifact.sha256, artifact.text) == (
        "asset",
        asset.id,
        asset.sha256,
        "",
    )
    assert (artifact.media_type, artifact.step_id) == ("video/mp4", step.id)


def test_render_again_after_its_worker_died_keeps_one_asset(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, MadeTranscoder())
    run = rendering_run()
    died = pytest.MonkeyPatch()
    died.setattr("workflows.engine.finish", lambda *given, **named: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        work(run)
    died.undo()
    assert Asset.objects.count() == 1
    expire_lease(run.steps.get())

    step = work(run)

    assert (step.status, Asset.objects.count(), Artifact.objects.count()) == ("succeeded", 1, 1)


@pytest.mark.parametrize(
    ("trouble", "status", "error"),
    [
        (ProviderUnavailable("It hung; try again."), "ready", "It hung; try again."),
        (MediaRefused("The video is too short."), "failed", "The video is too short."),
    ],
)
def test_render_that_meets_trouble_is_retried_or_fails_as_it_advises(
    monkeypatch: pytest.MonkeyPatch, trouble: Exception, status: str, error: str
) -> None:
    use(monkeypatch, MadeTranscoder(trouble))

    step = work(rendering_run())

    assert (step.status, step.error, Asset.objects.count()) == (status, error, 0)


def test_render_holds_its_lease_for_as_long_as_it_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, MadeTranscoder())
    run = rendering_run()
    held: list[float] = []
    step = run.steps.get()
    step.run.account = AccountFactory.create()
    node = RenderNode(key="video", label="Video", timeout_seconds=77)
    workflow = workflow_of(node)

    render(Work(Claim(step.id, 1), step, workflow, node, held.append, given=GIVEN))

    assert held == [77]


def test_render_of_another_kind_of_node_is_our_bug() -> None:
    step = rendering_run().steps.get()
    node = agent_node("only")

    with pytest.raises(TypeError):
        render(Work(Claim(step.id, 1), step, workflow_of(node), node, lambda seconds: None))

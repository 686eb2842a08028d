"""Joining clips in a workflow: a real video of looped steps' clips, its rights, and every reason not to."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import Settings

from agents.providers.errors import ProviderUnavailable
from agents.providers.media import MediaRefused, Probe
from tests.factories.accounts import AccountFactory, BrandFactory
from tests.factories.clips import Clip, Tone
from tests.factories.media import stored_video
from tests.factories.workflows import agent_node, run_of, workflow_of
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.models import Artifact, Asset
from workflows import assembling
from workflows.assembling import assemble
from workflows.definitions_admin.sheet import cards_of, graph_of
from workflows.engine import advance_run
from workflows.executors import EXECUTORS
from workflows.models import WorkflowRun
from workflows.nodes import RENDER_OUTPUT, AnyNode, AssembleNode, RenderNode
from workflows.outcomes import Outcome, Succeeded
from workflows.validation import DefinitionRefused, InputRefused, check_workflow
from workflows.work import Work

pytestmark = pytest.mark.django_db

WHOLE = b"a whole, as far as this test is concerned"


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> None:
    """Have media of this test's own."""
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def account() -> TikTokAccount:
    made: TikTokAccount = AccountFactory.create()
    return made


class MadeTranscoder:
    """Joins nothing, and says that it did, or raises what it was told to."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.trouble = trouble
        self.asked: list[list[bytes]] = []

    def assemble(self, clips: list[Path], *, out: Path) -> Probe:
        """Write the file."""
        self.asked.append([clip.read_bytes() for clip in clips])
        if self.trouble:
            raise self.trouble
        out.write_bytes(WHOLE)
        return Probe(3.0, 1080, 1920, 30.0, "h264", "aac", len(WHOLE))


def use(monkeypatch: pytest.MonkeyPatch, trouble: Exception | None = None) -> MadeTranscoder:
    """Have clips joined by a made transcoder."""
    made = MadeTranscoder(trouble)
    monkeypatch.setattr(assembling, "get_transcoder", lambda: made)
    return made


def join(**changes: Any) -> AssembleNode:
    """Return a node that joins the clips of the brief."""
    return AssembleNode(**({"key": "film", "label": "Film", "inputs": {"clips": "brief.clips"}} | changes))


def done(account: TikTokAccount, clips: Any, *nodes: AnyNode) -> Any:
    """Return the step that joins these clips, done."""
    run: WorkflowRun = run_of(workflow_of(*(nodes or (join(),)), slug="film"), account, {"clips": clips})
    while advance_run(run.id, seconds_left=lambda: 1000):
        pass
    return run.steps.get(key="film")


@cache
def real(**changes: Any) -> bytes:
    """Return the bytes of a real clip."""
    with TemporaryDirectory() as folder:
        return Clip(seconds=1.5, **changes).write(Path(folder, "clip.mp4")).read_bytes()


def test_assemble_joins_real_clips_to_a_measured_whole(account: TikTokAccount) -> None:
    clips = [stored_video(account, real(rate=12)), stored_video(account, real(size=(90, 160), tone=Tone()))]

    step = done(account, [{"asset": str(clip.id), "asset_sha256": clip.sha256} for clip in clips])

    assert step.status == "succeeded", step.error
    assert set(step.output) == set(RENDER_OUTPUT)
    asset = Asset.objects.get(id=step.output["asset"])
    probe = asset.probe
    assert (probe["duration_seconds"], probe["width"], probe["height"], probe["audio_codec"]) == (
        3,
        1080,
        1920,
        "aac",
    )
    assert probe["assembled_from"] == [clip.sha256 for clip in clips]
    assert Artifact.objects.get(step_id=step.id).asset == asset


def test_assemble_takes_the_list_a_looped_node_puts_out_in_its_order(
    account: TikTokAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = use(monkeypatch)
    contents = [b"one", b"two", b"three"]
    by_line = {content.decode(): str(stored_video(account, content).id) for content in contents}

    def give(work: Work) -> Outcome:
        output = dict.fromkeys(RENDER_OUTPUT, "") | {"asset": by_line[work.given["lines"]]}
        return Succeeded(output=output)

    monkeypatch.setitem(EXECUTORS, "render", give)
    clip = RenderNode(
        key="clip", label="Clip", for_each="brief.clips", inputs={"lines": "item", "seconds": "brief.clips"}
    )
    film = join(depends_on=("clip",), inputs={"clips": "clip.output.asset"})

    step = done(account, ["one", "two", "three"], clip, film)

    assert step.status == "succeeded", step.error
    assert made.asked == [contents]


def test_assemble_gives_the_whole_the_rights_of_its_clips(
    account: TikTokAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch)
    first, second = datetime(2998, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)
    clips = [
        stored_video(account, b"1", rights_note="By Ana.", rights_expire_at=second),
        stored_video(account, b"2", rights_note="By Ben.", rights_expire_at=first),
        stored_video(account, b"3", rights_note="By Ana."),
    ]

    step = done(account, [str(clip.id) for clip in clips])

    asset = Asset.objects.get(id=step.output["asset"])
    assert (asset.rights_note, asset.rights_expire_at) == (
        "Joined here from other videos. By Ana. By Ben.",
        first,
    )


def test_assemble_one_clip_makes_it_fit(account: TikTokAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    made = use(monkeypatch)
    step = done(account, str(stored_video(account, b"alone", probe={"fitting": {"why": "It is slow."}}).id))
    assert (step.status, made.asked) == ("succeeded", [[b"alone"]])


def test_assemble_what_the_account_may_not_use_fails_naming_the_clip(
    account: TikTokAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = use(monkeypatch)
    fine = stored_video(account, b"fine")
    ended = stored_video(account, b"ended", rights_expire_at=timezone.now() - timedelta(days=1))
    brand = BrandFactory.create(workspace=account.workspace)
    cases: list[tuple[Any, str]] = [
        (str(uuid4()), "is no video of this workspace and of the brand of"),
        (str(stored_video(AccountFactory.create(), b"foreign").id), "is no video of this workspace"),
        (str(stored_video(account, b"branded", brand_id=brand.id).id), "is no video of this workspace"),
        (str(stored_video(account, b"photo", media_type="image/jpeg").id), "is no video of this workspace"),
        ({"asset": str(fine.id), "asset_sha256": "0" * 64}, "is no video of this workspace"),
        (str(ended.id), f"The right to use clip 2 ('{ended.id}') ended on"),
    ]
    for clip, sentence in cases:
        step = done(account, [str(fine.id), clip])
        assert step.status == "failed"
        assert sentence in step.error
        assert "lip 2" in step.error
    assert made.asked == []


def test_assemble_a_file_that_was_changed_fails(
    account: TikTokAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, clip = use(monkeypatch), stored_video(account)
    Path(clip.file.path).write_bytes(b"another")
    step = done(account, [str(clip.id)])
    assert (step.status, made.asked) == ("failed", [])
    assert "was changed after it was kept" in step.error


@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        (ProviderUnavailable("It hung; try again."), "ready"),
        (MediaRefused("Clip 1 of 1: It is corrupt."), "failed"),
    ],
)
def test_assemble_that_meets_trouble_is_retried_or_fails_as_it_advises(
    account: TikTokAccount, monkeypatch: pytest.MonkeyPatch, trouble: Exception, status: str
) -> None:
    use(monkeypatch, trouble)
    step = done(account, [str(stored_video(account).id)])
    assert (step.status, step.error) == (status, str(trouble))


def test_assemble_what_a_node_put_out_that_is_no_clip_fails_in_a_sentence(
    account: TikTokAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = dict.fromkeys(RENDER_OUTPUT, "no id")
    monkeypatch.setitem(EXECUTORS, "render", lambda work: Succeeded(output=output))
    clip = RenderNode(key="clip", label="Clip", inputs={"lines": "brief.clips", "seconds": "brief.clips"})
    step = done(account, "3", clip, join(depends_on=("clip",), inputs={"clips": "clip.output.asset"}))
    assert step.status == "failed"
    assert step.error.startswith(
        "These clips cannot be joined: clips.0.asset is 'no id', which does not do: "
    )


@pytest.mark.parametrize(
    "clips", [[], ["no id"], [str(uuid4())] * 21, [{"asset": str(uuid4()), "more": 1}], 3]
)
def test_start_with_what_are_no_clips_is_refused(account: TikTokAccount, clips: Any) -> None:
    with pytest.raises(InputRefused, match=r"The input 'clips' is .*, which does not do: "):
        done(account, clips)


def test_start_without_clips_is_refused(account: TikTokAccount) -> None:
    with pytest.raises(InputRefused, match="The input lacks 'clips', which 'Film' needs: give it one"):
        run_of(workflow_of(join(), slug="film"), account, {})


@pytest.mark.parametrize(
    ("node", "sentence"),
    [
        (join(inputs={}), "the node 'film' has to be given clips."),
        (
            join(inputs={"clips": "brief.clips", "music": "brief.music"}),
            "the node 'film' gives 'music', which a joining of clips does not take.",
        ),
        (
            join(inputs={"clips": "clip.output.asset"}),
            "the node 'film' reads 'clips' from 'clip.output.asset', but does not depend on 'clip'.",
        ),
    ],
)
def test_check_definition_that_joins_wrongly_is_refused(node: AssembleNode, sentence: str) -> None:
    with pytest.raises(DefinitionRefused) as refused:
        check_workflow(workflow_of(node))
    assert str(refused.value) == f"The workflow 'made' is refused: {sentence}"


def test_node_that_joins_is_for_the_long_workers_and_said_in_words() -> None:
    workflow = workflow_of(join())
    [card], [box] = cards_of(workflow), graph_of(workflow).boxes
    assert (card.does, box.words) == ("Joins clips to a video.", "joins clips")
    assert card.limits["Done by"] == "the long workers"
    assert AssembleNode(key="film", label="Film", timeout_seconds=60).cluster == "short"


def test_assemble_of_another_kind_of_node_is_our_bug(account: TikTokAccount) -> None:
    step = run_of(workflow_of(join(), slug="film"), account, {"clips": [str(uuid4())]}).steps.get()
    node = agent_node("only")
    work = Work(claim=None, step=step, workflow=workflow_of(node), node=node, hold=lambda seconds: None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        assemble(work)

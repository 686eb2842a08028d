"""A brief filmed shot by shot: which clips are ordered, in which words, and how they are kept."""

from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from pytest_django import Settings

from agents.models import SandboxStudioJob
from agents.providers.studio.jobs import Job, JobState
from tests.factories.clips import Clip as MadeClip
from tests.factories.studios import (
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
from tests.factories.workflows import workflow_of
from tiktok_ops.content.models import Asset
from workflows.keeper import sweep, wake_waiting
from workflows.nodes import StudioClipNode, StudioJobNode, WaitNode
from workflows.shots import orders_of
from workflows.validation import DefinitionRefused, InputRefused, check_workflow

pytestmark = pytest.mark.django_db

CLIP = StudioClipNode(key="clip", label="Clip", depends_on=("job", "made"), inputs={"job": "job.output.job"})


@pytest.fixture(autouse=True)
def own_media(settings: Settings, tmp_path: Path) -> None:
    """Have media and a secret of this test's own."""
    settings.MEDIA_ROOT = tmp_path
    settings.WEBHOOK_SECRETS = {"studio": ("what-the-studio-signs-with",), "tiktok": ()}


def test_fetch_a_clip_tiktok_does_not_take_keeps_the_copy_it_takes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    small = MadeClip(seconds=3, size=(160, 90)).write(tmp_path / "small.mp4")
    use(monkeypatch, MadeStudio(Job("job_1", JobState.SUCCEEDED), clip=small.read_bytes()))
    run = started(job_node(), wait_node(), CLIP)
    assert run.status == "succeeded", step(run, "clip").error
    probe = Asset.objects.get().probe
    assert (probe["width"], probe["height"], probe["video_codec"]) == (1080, 1920, "h264")
    assert probe["changed"][0].startswith("The picture is 1080 × 1920 pixels")


def brief(*lines: str, seconds: int, **changes: Any) -> dict[str, Any]:
    """Return a brief whose lines share the time evenly, as content_producer writes it."""
    each = seconds / len(lines)
    shots = [
        {"line": line, "starts_at_seconds": round(at * each, 3), "ends_at_seconds": round((at + 1) * each, 3)}
        for at, line in enumerate(lines)
    ]
    texts = {"topic": "lamps", "hook": "Hang it lower", "outline": "A lamp.", "audience": "", "wishes": ""}
    return {"duration_seconds": seconds, "shots": shots, "avoid": [], **texts, **changes}


FILMED = (
    StudioJobNode(key="job", label="Ask the studio", inputs={"brief": "brief.brief"}),
    WaitNode(
        key="made",
        label="Being made",
        callback="studio",
        depends_on=("job",),
        inputs={"job": "job.output.jobs"},
    ),
    StudioClipNode(key="clip", label="Clips", depends_on=("job", "made"), inputs={"job": "job.output.jobs"}),
)


def test_brief_is_filmed_shot_by_shot_and_its_clips_are_kept_in_order(settings: Settings) -> None:
    sandbox(settings)
    run = started(*FILMED, given={"brief": brief("One", "Two", seconds=6)})
    jobs = list(SandboxStudioJob.objects.order_by("key"))
    submitted = step(run, "job")
    assert [job.key for job in jobs] == [f"{submitted.id}.1", f"{submitted.id}.2"]
    assert submitted.output == {"job": jobs[0].job_id, "jobs": [job.job_id for job in jobs]}
    assert ["“One”" in job.prompt for job in jobs] == [True, False]
    SandboxStudioJob.objects.filter(id=jobs[0].id).update(done_at=F("begun_at"), callback_at=F("begun_at"))
    sweep()  # the first is done and calls back
    answer_doorbells()
    run = work(run)
    assert step(run).status == "waiting"
    time_passes(61)
    wake_waiting()
    run = work(run)
    assert run.status == "succeeded", step(run, "clip").error
    clips = (step(run, "clip").output or {})["clips"]
    assert len(set(clips)) == 2
    assert {str(one) for one in Asset.objects.values_list("id", flat=True)} == set(clips)


def test_brief_of_which_one_clip_fails_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, MadeStudio(Job("job_1", JobState.RUNNING), Job("job_2", JobState.FAILED, "Too dark.")))
    run = started(*FILMED[:2], given={"brief": brief("One", "Two", seconds=6)})
    assert step(run).error == "The studio could not make clip 2 of 2: Too dark."


@pytest.mark.parametrize(
    ("lines", "seconds", "lengths"),
    [
        ("a", 3, [3]),
        ("ab", 6, [3, 3]),
        ("abc", 9, [3, 3, 3]),
        ("abc", 10, [3.333, 3.334, 3.333]),
        ("abc", 8, [8]),  # two lines have 5.333 seconds, and the last one alone too few
        ("abcde", 20, [4, 4, 4, 4, 4]),
        ("abcdef", 12, [4, 4, 4]),
        ("abcdef", 6, [3, 3]),
        ("abcdef", 5, [5]),
    ],
)
def test_clips_are_of_whole_shots_and_long_enough_for_a_studio(
    lines: str, seconds: int, lengths: list[float]
) -> None:
    orders = orders_of({"brief": brief(*lines, seconds=seconds)})
    assert [order.seconds for order in orders] == lengths


def test_prompt_says_what_is_seen_for_whom_and_what_never() -> None:
    [order] = orders_of(
        {
            "brief": brief(
                "Hang it lower",
                seconds=3,
                audience="Night owls",
                wishes="A red lamp",
                avoid=["cures sleep", "cheapest"],
            )
        }
    )
    assert order.prompt.splitlines() == [
        "Upright video, 9:16; clip 1 of 1 that are shown one after the other.",
        "On the screen: “Hang it lower”",
        "The whole is about: Hang it lower",
        "For: Night owls",
        "Never claim or show: cures sleep; cheapest",
        "What is to be seen: A red lamp",
        "Outline: A lamp.",
    ]


def test_prompt_without_room_leaves_out_of_the_outline_what_does_not_fit() -> None:
    long = brief("a", seconds=3, wishes="w" * 1_990, outline="o" * 2_000, avoid=["cures sleep"])
    [order] = orders_of({"brief": long})
    assert len(order.prompt) == 2_000
    assert "cures sleep" in order.prompt
    assert "Outline" not in order.prompt


def test_prompt_of_a_brand_that_forbids_much_names_as_many_whole_claims_as_there_is_room_for() -> None:
    claims = [f"{number:03}{'c' * 197}" for number in range(30)]
    [order] = orders_of({"brief": brief("a", seconds=3, avoid=claims)})
    assert len(order.prompt) <= 2_000
    [told] = [line for line in order.prompt.splitlines() if line.startswith("Never claim or show: ")]
    assert told == f"Never claim or show: {'; '.join(claims[:9])}"


def test_check_a_job_with_a_brief_and_a_prompt_refuses_it() -> None:
    node = job_node(inputs={"brief": "brief.brief", "prompt": "brief.prompt"})
    with pytest.raises(DefinitionRefused, match="gives 'prompt', which a studio's job does not take"):
        check_workflow(workflow_of(node))


def test_start_with_a_brief_that_is_none_is_refused() -> None:
    with pytest.raises(InputRefused, match="The input 'brief' is 'lamps', which does not do"):
        started(*FILMED, given={"brief": "lamps"})

"""What a run does where the studio limits us, breaks, refuses our key or answers nonsense, at its own wire."""

from pathlib import Path

import pytest
from pytest_django import Settings

from agents.models import SandboxStudioJob
from tests.factories.studios import PROMPT, job_node, sandbox, started, step, wait_node, work
from tests.factories.workflows import make_due
from tiktok_ops.content.models import Asset
from workflows.nodes import StudioClipNode

pytestmark = pytest.mark.django_db

CLIP = StudioClipNode(key="clip", label="Clip", depends_on=("job", "made"), inputs={"job": "job.output.job"})


@pytest.fixture(autouse=True)
def own_media(settings: Settings, tmp_path: Path) -> None:
    """Have media of this test's own."""
    settings.MEDIA_ROOT = tmp_path


def test_limit_of_the_studio_is_waited_for_and_counts_as_no_try(settings: Settings) -> None:
    sandbox(settings, rate_limited=1, retry_after_seconds=30)
    run = started()
    submitted = step(run, "job")
    assert (submitted.status, submitted.tries, SandboxStudioJob.objects.count()) == ("ready", 0, 0)
    assert "The studio refused (429: too many requests)" in submitted.error
    make_due(submitted)
    assert step(work(run)).status == "waiting"
    assert SandboxStudioJob.objects.count() == 1


def test_studio_that_breaks_is_tried_again(settings: Settings) -> None:
    sandbox(settings, server_error=1)
    run = started()
    assert (step(run, "job").status, step(run, "job").tries) == ("ready", 1)
    assert step(run, "job").error == "The studio failed to answer (503); try again."
    make_due(step(run, "job"))
    assert step(work(run)).status == "waiting"


def test_studio_that_always_breaks_parks_the_step(settings: Settings) -> None:
    sandbox(settings, server_error=99)
    run = started()
    for _ in range(2):
        make_due(step(run, "job"))
        run = work(run)
    assert run.status == "failed"
    assert step(run, "job").error.startswith("Gave up after 3 tries: ")


def test_key_the_studio_refuses_fails_at_once_and_says_what_to_correct(settings: Settings) -> None:
    sandbox(settings, refused_token=1)
    run = started()
    assert (run.status, SandboxStudioJob.objects.count()) == ("failed", 0)
    assert step(run, "job").error == (
        "The studio refused (401: this key is not known); correct STUDIO_API_KEY."
    )


def test_answer_that_is_no_json_is_asked_for_again_and_the_job_is_still_one(settings: Settings) -> None:
    sandbox(settings, malformed=1)
    run = started()
    assert step(run, "job").tries == 1
    assert "The studio's answer lacks a usable" in step(run, "job").error
    make_due(step(run, "job"))
    assert step(work(run)).status == "waiting"
    assert SandboxStudioJob.objects.get().submissions == 2


def test_clip_that_arrives_by_half_is_not_kept(settings: Settings) -> None:
    sandbox(settings, make_seconds=0, malformed=(3,))  # after the submission and the question how it is
    run = started(job_node(), wait_node(), CLIP, given=PROMPT)
    assert (step(run, "clip").status, step(run, "clip").tries) == ("ready", 1)
    assert not Asset.objects.exists()
    make_due(step(run, "clip"))
    assert work(run).status == "succeeded"

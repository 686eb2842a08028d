"""The sandbox studio behind the real client: one job for a key, real clips, and callbacks that are signed."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from agents.models import SandboxStudioJob
from agents.providers.errors import ProviderRejected, ProviderUnavailable
from agents.providers.studio.jobs import JobState, Order
from agents.providers.studio.provider import StudioProvider
from agents.sandbox.studio.callbacks import AGAIN_SECONDS, MOST_TRIES, body_of, deliver_due
from agents.sandbox.studio.transport import SANDBOX_BASE_URL, SandboxStudioTransport
from workflows.webhooks.signatures import signed_at

pytestmark = pytest.mark.django_db

ORDER = Order(prompt="A lamp → 灯, switched on", seconds=3)
SECRET = "the-studio's-own-secret"


def studio(**faults: Any) -> StudioProvider:
    """Return the client of a studio that is done at once, unless the faults say otherwise."""
    return StudioProvider("sandbox", {"faults": {"make_seconds": 0} | faults})


class Inbox:
    """Takes callbacks, answering as told; 200 once nothing more is told."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.taken: list[tuple[str, str, bytes]] = []

    def post(self, url: str, header: str, body: bytes) -> int:
        """Take one."""
        self.taken.append((url, header, body))
        return self.statuses.pop(0) if self.statuses else 200


def deliver(inbox: Inbox) -> int:
    """Send what is due to the inbox."""
    return deliver_due(secret=SECRET, post=inbox.post)


def time_passes(seconds: float = AGAIN_SECONDS) -> None:
    """Let so much time have passed for every job."""
    back = timedelta(seconds=seconds)
    SandboxStudioJob.objects.update(
        begun_at=F("begun_at") - back, done_at=F("done_at") - back, callback_at=F("callback_at") - back
    )


def test_submit_twice_under_one_key_is_one_job() -> None:
    first, second = (studio(make_seconds=5).submit(ORDER, key="step") for _ in range(2))
    assert first == second
    assert (first.state, SandboxStudioJob.objects.get().submissions) == (JobState.RUNNING, 2)
    assert studio().submit(ORDER, key="another-step").id != first.id


def test_submit_whose_answer_is_lost_and_again_is_one_job() -> None:
    with pytest.raises(ProviderUnavailable, match="did not answer in full"):
        studio(lost_answers=1).submit(ORDER, key="step")
    job = studio(lost_answers=1).submit(ORDER, key="step")
    assert SandboxStudioJob.objects.get().job_id == job.id


def test_submit_another_clip_under_a_key_is_refused() -> None:
    studio().submit(ORDER, key="step")
    with pytest.raises(ProviderRejected, match="under this key it was asked for another clip before"):
        studio().submit(Order(prompt="A chair"), key="step")


def test_submit_without_a_key_is_refused() -> None:
    with pytest.raises(ProviderRejected, match=r"\(422: Idempotency-Key: 1 to 80 characters\)"):
        studio().submit(ORDER, key="")


def test_job_follows_the_clock_of_the_database() -> None:
    made = studio(make_seconds=60)
    job = made.submit(ORDER, key="step")
    assert made.status(job.id).state is JobState.RUNNING
    time_passes(61)
    assert made.status(job.id).state is JobState.SUCCEEDED


def test_job_that_fails_says_why_and_has_no_clip(tmp_path: Path) -> None:
    made = studio(fail_reason="The prompt is about nothing.")
    job = made.submit(ORDER, key="step")
    assert (job.state, job.error) == (JobState.FAILED, "The prompt is about nothing.")
    with pytest.raises(ProviderRejected, match="it knows no such job"):
        made.download(job.id, out=tmp_path / "clip.mp4")


@pytest.mark.parametrize(
    ("method", "path", "content", "headers", "status"),
    [
        ("POST", "/v1/jobs", b"{}", {}, 401),
        ("POST", "/v1/jobs", b"{}", {"authorization": "Bearer x", "idempotency-key": "k"}, 422),
        ("POST", "/v1/jobs", b"{", {"authorization": "Bearer x", "idempotency-key": "k"}, 422),
        ("GET", "/v1/jobs/job_9", b"", {"authorization": "Bearer x"}, 404),
        ("GET", "/v1/jobs/job_9/clip", b"", {"authorization": "Bearer x"}, 404),
        ("DELETE", "/v1/jobs/job_9", b"", {"authorization": "Bearer x"}, 404),
        ("GET", "/v1/jobs", b"", {"authorization": "Bearer x"}, 404),
    ],
)
def test_ask_the_sandbox_wrongly_is_refused_as_documented(
    method: str, path: str, content: bytes, headers: dict[str, str], status: int
) -> None:
    client = httpx.Client(transport=SandboxStudioTransport(), base_url=SANDBOX_BASE_URL)
    answer = client.request(method, path, content=content, headers=headers)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "message"}


# Callbacks -------------------------------------------------------------------------------------------


def test_call_back_once_the_job_is_done_and_not_before() -> None:
    job = studio(make_seconds=60).submit(ORDER, key="step")
    inbox = Inbox()
    assert deliver(inbox) == 0
    time_passes(61)
    assert [deliver(inbox), deliver(inbox)] == [1, 0]
    [(url, header, body)] = inbox.taken
    done_at = int(SandboxStudioJob.objects.get().done_at.timestamp())
    assert url == ""
    assert body == (
        f'{{"event":"job.succeeded","job_id":"{job.id}","reference":"step","created_at":{done_at}}}'.encode()
    )
    assert signed_at(header, body, secrets=(SECRET,)) is not None
    assert signed_at(header, body, secrets=("another-secret",)) is None


def test_call_back_that_nobody_takes_is_sent_again_five_times_at_most() -> None:
    studio().submit(ORDER, key="step")
    inbox = Inbox(*[503] * 9)
    assert deliver(inbox) == 0
    assert deliver(inbox) == 0  # not at once
    for _ in range(9):
        time_passes()
        assert deliver(inbox) == 0
    assert len(inbox.taken) == MOST_TRIES


def test_call_back_that_is_taken_at_the_second_try_is_over() -> None:
    studio().submit(ORDER, key="step")
    inbox = Inbox(500)
    assert deliver(inbox) == 0
    time_passes()
    assert [deliver(inbox), deliver(inbox)] == [1, 0]


@pytest.mark.parametrize(("callbacks", "sent"), [(0, 0), (1, 1), (2, 2)])
def test_call_back_never_once_or_twice_as_told(callbacks: int, sent: int) -> None:
    studio(callbacks=callbacks).submit(ORDER, key="step")
    inbox = Inbox()
    assert sum(deliver(inbox) for _ in range(4)) == sent


def test_call_back_of_a_job_that_failed_says_so() -> None:
    studio(fail_reason="No.").submit(ORDER, key="step")
    assert b'"job.failed"' in body_of(SandboxStudioJob.objects.get())


def test_store_a_callback_before_its_job_is_done_is_refused() -> None:
    studio().submit(ORDER, key="step")
    job = SandboxStudioJob.objects.get()
    assert str(job) == job.job_id
    with pytest.raises(IntegrityError, match="sandbox_callback_after_the_job"), transaction.atomic():
        SandboxStudioJob.objects.update(callback_at=F("done_at") - timedelta(seconds=1))

"""A studio over HTTP in the format of docs/studio.md, or the sandbox at the same wire.

Nothing is retried in here: a worker does not sleep, the engine decides when to ask again. No redirect is
followed: one would take the key along.
"""

import hashlib
import json
import os
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.providers.breakers import Breakers, Guard, NoGuard
from agents.providers.errors import ProviderError, ProviderMisconfigured, ProviderRejected
from agents.providers.registry import Mode
from agents.providers.studio.jobs import ALIAS, MOST_CLIP_BYTES, Job, JobState, Order
from agents.providers.studio.problems import network_problem, shape_problem, status_problem
from agents.sandbox.studio.faults import StudioFaults
from agents.sandbox.studio.transport import SANDBOX_BASE_URL, SandboxStudioTransport

LONGEST_CONNECT_SECONDS = 5.0
CALL_TIMEOUT_SECONDS = 30.0
DOWNLOAD_TIMEOUT_SECONDS = 60.0
_ADDRESS = re.compile(r"https://[^\s/@?#]+(/[^\s?#]*)?")
_JOB_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class StudioOptions(BaseModel):
    """`OPTIONS` of the provider: key and addresses of live mode, the faults of the sandbox."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    api_key: str = ""
    base_url: str = ""
    callback_url: str = ""
    faults: StudioFaults = Field(default_factory=StudioFaults)


class _Job(BaseModel):
    """A job as it is written in an answer; what else is there is passed over."""

    model_config = ConfigDict(extra="ignore")

    id: str = Field(pattern=f"^{_JOB_ID.pattern}$")
    status: JobState
    error: str = Field("", max_length=2000)


class _Answer(BaseModel):
    """Every answer but a clip."""

    model_config = ConfigDict(extra="ignore")

    job: _Job


@dataclass(frozen=True, slots=True)
class _Held:
    """The client of one process; sockets must not cross a fork."""

    pid: int
    client: httpx.Client = field(repr=False)


class StudioProvider:
    """A studio, as `agents.providers.studio.jobs.Studio` asks.

    `options` are those of `StudioOptions`. `transport` replaces the wire, for tests, and then no breaker
    stands before it. Raises `ProviderMisconfigured` for options that cannot work.
    """

    def __init__(
        self, mode: str, options: Mapping[str, Any], *, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._mode = Mode(mode)
        self._options = _read_options(self._mode, options)
        self._given_transport = transport
        self._guard: Guard = Breakers(ALIAS) if transport is None else NoGuard()
        self._held: _Held | None = None

    def __repr__(self) -> str:
        return f"StudioProvider({self._mode.value})"

    @property
    def simulated(self) -> bool:
        """Return whether the sandbox answers."""
        return self._mode is Mode.SANDBOX

    def submit(self, order: Order, *, key: str) -> Job:
        """Have a clip made, once for each `key`; asked again under it, the same job is returned."""
        asked = {**order.model_dump(), "callback_url": self._options.callback_url}
        return self._call("submit", "POST", "/v1/jobs", body=asked, headers={"Idempotency-Key": key})

    def status(self, job_id: str) -> Job:
        """Return how a job is."""
        return self._call("status", "GET", f"/v1/jobs/{_checked(job_id)}")

    def download(self, job_id: str, *, out: Path, most_bytes: int = MOST_CLIP_BYTES) -> int:
        """Write the clip of a job that succeeded to `out` and return its bytes.

        The bytes have to be those of the answer's `Content-Digest` (RFC 9530). Raises `ProviderRejected` for
        more than `most_bytes`, of which no more are read.
        """
        path = f"/v1/jobs/{_checked(job_id)}/clip"
        with (
            self._guard.around("download", timeout_seconds=DOWNLOAD_TIMEOUT_SECONDS),
            self._answer("GET", path, timeout_seconds=DOWNLOAD_TIMEOUT_SECONDS) as answer,
        ):
            return _write(answer, out, most_bytes=most_bytes)

    def close(self) -> None:
        """Close this process's connections; the next call opens new ones."""
        held, self._held = self._held, None
        if held and held.pid == os.getpid():
            held.client.close()

    def _call(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Job:
        """Call an endpoint that answers with a job."""
        with (
            self._guard.around(operation, timeout_seconds=CALL_TIMEOUT_SECONDS),
            self._answer(
                method, path, timeout_seconds=CALL_TIMEOUT_SECONDS, body=body, headers=headers
            ) as answer,
        ):
            return _read_job(answer.read())

    @contextmanager
    def _answer(
        self,
        method: str,
        path: str,
        *,
        timeout_seconds: float,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[httpx.Response]:
        """Send a request and give its answer, of which no body is read yet; what is no 2xx is raised.

        `timeout_seconds` bounds each wait for the network (connecting at most 5 s).
        """
        request = self._hold().build_request(
            method,
            f"{self._base_url}{path}",
            content=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self._options.api_key or 'sandbox'}",
                **({"Content-Type": "application/json"} if body is not None else {}),
                **(headers or {}),
            },
            timeout=httpx.Timeout(timeout_seconds, connect=min(timeout_seconds, LONGEST_CONNECT_SECONDS)),
        )
        problem: ProviderError
        try:
            answer = self._hold().send(request, stream=True, follow_redirects=False)
            try:
                if not answer.is_success:
                    answer.read()
                    raise status_problem(answer)
                yield answer
                return
            finally:
                answer.close()
        except httpx.RequestError as error:
            problem = network_problem(error)
        # Raised out here, so that it has no context: httpx's error holds the request and so the key.
        raise problem

    @property
    def _base_url(self) -> str:
        return SANDBOX_BASE_URL if self.simulated else self._options.base_url.rstrip("/")

    def _hold(self) -> httpx.Client:
        held = self._held
        if held is None or held.pid != os.getpid():
            held = self._held = _Held(os.getpid(), httpx.Client(transport=self._make_transport()))
        return held.client

    def _make_transport(self) -> httpx.BaseTransport | None:
        if self._given_transport is None and self.simulated:
            return SandboxStudioTransport(self._options.faults)
        return self._given_transport


def _write(answer: httpx.Response, out: Path, *, most_bytes: int) -> int:
    """Write the body to `out` in pieces, and check it against its digest."""
    digest, size = hashlib.sha256(), 0
    with out.open("wb") as file:
        for piece in answer.iter_bytes():
            size += len(piece)
            if size > most_bytes:
                raise ProviderRejected(
                    f"The studio's clip has more than {most_bytes} bytes; ask for a shorter one.",
                    was_sent=True,
                )
            digest.update(piece)
            file.write(piece)
    expected = f"sha-256=:{b64encode(digest.digest()).decode()}:"
    if answer.headers.get("content-digest") != expected:
        raise shape_problem("Content-Digest")
    return size


def _read_job(content: bytes) -> Job:
    """Return the job of an answer; raises `ProviderUnavailable` naming what is missing."""
    try:
        job = _Answer.model_validate_json(content).job
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"])) or "body"
    else:
        return Job(id=job.id, state=job.status, error=" ".join(job.error.split()))
    raise shape_problem(where)


def _checked(job_id: str) -> str:
    """Return the id, which goes into an address; raises `ProviderRejected` for what is none."""
    if not _JOB_ID.fullmatch(job_id):
        raise ProviderRejected(
            f"{job_id[:80]!r} is no id of a studio's job: give the one it was submitted under.",
            was_sent=False,
            may_have_acted=False,
        )
    return job_id


def _read_options(mode: Mode, options: Mapping[str, Any]) -> StudioOptions:
    problem = ""
    try:
        read = StudioOptions.model_validate(dict(options))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = "".join(f"[{part!r}]" for part in first["loc"])
        problem = f"The OPTIONS{where} of the provider 'studio' is wrong ({first['msg']}); correct it."
    else:
        problem = _problem_of_live(read) if mode is Mode.LIVE else ""
        if not problem:
            return read
    raise ProviderMisconfigured(problem)


def _problem_of_live(options: StudioOptions) -> str:
    """Return what a live studio lacks; no address is shown, for it may carry a password."""
    if not re.fullmatch(r"[!-~]+", options.api_key):
        return "STUDIO_API_KEY is empty or no key; set it, or set STUDIO_MODE=sandbox."
    if not _ADDRESS.fullmatch(options.base_url):
        return "STUDIO_BASE_URL is no https address like 'https://studio.example.com'; correct it."
    return ""

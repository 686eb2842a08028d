"""The wire to Claude: its settings, its one client in each process, and its errors as ours.

Nothing is retried in here (`max_retries=0`): a worker does not sleep, the engine decides when to ask
again. Importing this takes about a second, so only the registry does, by its dotted path.
"""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import anthropic
import httpx2
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from agents.providers.claude_problems import problem_of
from agents.providers.errors import ProviderMisconfigured
from agents.providers.registry import Mode
from agents.sandbox.claude import SandboxClaudeTransport
from agents.sandbox.faults import Faults

PUBLIC_BASE_URL = "https://api.anthropic.com"
SANDBOX_BASE_URL = "https://claude.sandbox.invalid"
SANDBOX_KEY = "sk-sandbox"
LONGEST_CONNECT_SECONDS = 5.0
_KEY_SHAPE = re.compile(r"[!-~]+")

Result = TypeVar("Result")


class ClaudeOptions(BaseModel):
    """`OPTIONS` of the provider: the key and address of live mode, the faults of the sandbox.

    With `keeps_log` the sandbox writes down what it was asked, for all processes to read.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    api_key: SecretStr = SecretStr("")
    base_url: str = ""
    faults: Faults = Field(default_factory=Faults)
    keeps_log: bool = False


@dataclass(frozen=True, slots=True)
class _Held:
    """The client of one process; sockets must not cross a fork."""

    pid: int
    client: anthropic.Anthropic
    transport: httpx2.BaseTransport | None = field(repr=False)


class ClaudeClient:
    """What speaks to Claude, or to the sandbox at the same wire.

    `options` are those of `ClaudeOptions`. `transport` replaces the wire, for tests. Raises
    `ProviderMisconfigured` for options that cannot work; live mode needs a key and never does without.
    """

    def __init__(
        self, mode: str, options: Mapping[str, Any], *, transport: httpx2.BaseTransport | None = None
    ) -> None:
        self._mode = Mode(mode)
        self._options = _read_options(options)
        self._given_transport = transport
        self._held: _Held | None = None
        if self._mode is Mode.LIVE:
            _check_live(self._options)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._mode.value})"

    @property
    def simulated(self) -> bool:
        """Return whether the sandbox answers."""
        return self._mode is Mode.SANDBOX

    @property
    def transport(self) -> httpx2.BaseTransport | None:
        """Return what this process speaks through; None in live mode, where it is the network."""
        return self._hold().transport

    def call(self, send: Callable[[anthropic.Anthropic], Result]) -> Result:
        """Return what `send` gets with this process's client; its errors become ours."""
        client = self._hold().client
        try:
            return send(client)
        except anthropic.AnthropicError as error:
            problem = problem_of(error, key=self._key())
        # Raised out here, so that it has no context: the SDK's error holds the request and so the key.
        raise problem

    def close(self) -> None:
        """Close this process's connections; the next question opens new ones."""
        held, self._held = self._held, None
        if held and held.pid == os.getpid():
            held.client.close()

    def _hold(self) -> _Held:
        held = self._held
        if held is None or held.pid != os.getpid():
            held = self._held = self._connect()
        return held

    def _connect(self) -> _Held:
        transport = self._given_transport
        if transport is None and self.simulated:
            transport = SandboxClaudeTransport(self._options.faults, keeps_log=self._options.keeps_log)
        client = anthropic.Anthropic(
            api_key=self._key(),
            base_url=self._base_url(),
            max_retries=0,
            http_client=_http_client(transport),
        )
        return _Held(os.getpid(), client, transport)

    def _key(self) -> str:
        return SANDBOX_KEY if self.simulated else self._options.api_key.get_secret_value()

    def _base_url(self) -> str:
        return SANDBOX_BASE_URL if self.simulated else self._options.base_url or PUBLIC_BASE_URL


def timeout_of(seconds: float) -> httpx2.Timeout:
    """Return the time-outs of one call: each wait for the network, and a shorter one for the connection."""
    return httpx2.Timeout(seconds, connect=min(seconds, LONGEST_CONNECT_SECONDS))


def _read_options(options: Mapping[str, Any]) -> ClaudeOptions:
    problem = ""
    try:
        return ClaudeOptions.model_validate(dict(options))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = "".join(f"[{part!r}]" for part in first["loc"])
        problem = f"The OPTIONS{where} of the provider 'claude' is wrong ({first['msg']}); correct it."
    raise ProviderMisconfigured(problem)


def _check_live(options: ClaudeOptions) -> None:
    key = options.api_key.get_secret_value()
    if not key:
        raise ProviderMisconfigured(
            "The provider 'claude' is live but ANTHROPIC_API_KEY is empty; set the key, or set its MODE to "
            "'sandbox'."
        )
    if not _KEY_SHAPE.fullmatch(key):
        raise ProviderMisconfigured(
            "ANTHROPIC_API_KEY holds a space, a line break or a character that is not ASCII; copy it again."
        )
    if not options.base_url:
        return
    # The address is never shown: it may carry a password.
    if not re.fullmatch(r"https?://[^\s/@]+(/[^\s]*)?", options.base_url):
        raise ProviderMisconfigured(
            f"ANTHROPIC_BASE_URL is no address like {PUBLIC_BASE_URL!r}; correct it, or leave it empty."
        )
    if options.base_url.startswith("http://") and not _is_this_machine(options.base_url):
        raise ProviderMisconfigured(
            "ANTHROPIC_BASE_URL is http, which would send the key readable over the network; use https, or an "
            "address of this machine such as http://127.0.0.1:8080."
        )


def _is_this_machine(address: str) -> bool:
    """Return whether an address leads to this machine by its own name or number, whatever a resolver says."""
    try:
        host = urlsplit(address).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _http_client(transport: httpx2.BaseTransport | None) -> httpx2.Client:
    """Return a client that follows no redirect: one would take the key along to another address."""
    if transport is None:
        return anthropic.DefaultHttpxClient(follow_redirects=False)
    return httpx2.Client(transport=transport, follow_redirects=False)

"""Agents and a model made for tests: they do as they are told, and remember what they were asked."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
from django.conf import settings
from pydantic import Field

from agents.contract import Agent, AgentContext, ModelTier, Prompt, Typed
from agents.providers.language import LanguageAnswer, LanguageRequest, Usage
from agents.registry import AnyAgent, by_name


class MadeInput(Typed):
    """What a made agent takes."""

    text: str = Field(default="", max_length=100)
    number: int = Field(default=0, ge=0)
    tags: tuple[str, ...] = ()


class MadeFacts(Typed):
    """What a made agent computes: what it was given."""

    text: str
    number: int
    nested: dict[str, int]


class MadeWords(Typed):
    """What a made agent asks a model for."""

    summary: str


class MadeOutput(MadeFacts):
    """What a made agent puts out."""

    summary: str


Compute = Callable[[MadeInput, AgentContext], object]


class MadeAgent(Agent[MadeInput, MadeFacts, MadeWords, MadeOutput]):
    """Gives back what it was given; `on_compute` may raise, `speaks` makes it ask a model for a summary.

    The summary "wrong" does not fit, as far as this agent is concerned.
    """

    name = "made"
    purpose = "For a test."
    model_tier = ModelTier.FAST
    Input = MadeInput
    Facts = MadeFacts
    Words = MadeWords
    Output = MadeOutput

    def __init__(self, *, speaks: bool = False, on_compute: Compute = lambda given, context: None) -> None:
        self.speaks = speaks
        self.on_compute = on_compute

    def compute(self, given: MadeInput, context: AgentContext) -> MadeFacts:
        """Do what the test asked for, and return what was given."""
        self.on_compute(given, context)
        return MadeFacts(text=given.text, number=given.number, nested={"number": given.number})

    def prompt(self, facts: MadeFacts, context: AgentContext) -> Prompt | None:
        """Ask for a summary, if this one speaks."""
        return Prompt(instruction="Summarise.", facts=facts) if self.speaks else None

    def compose(self, facts: MadeFacts, words: MadeWords | None) -> MadeOutput:
        """Join both. Raises `ValueError` when the summary is "wrong"."""
        if words and words.summary == "wrong":
            raise ValueError("The summary is wrong; write another.")
        return MadeOutput(**facts.model_dump(), summary=words.summary if words else "")


def made_agent(name: str, *, speaks: bool = False, on_compute: Compute | None = None) -> MadeAgent:
    """Return a made agent of this name."""
    kind: type[MadeAgent] = type(f"Made_{name}", (MadeAgent,), {"name": name})
    return kind(speaks=speaks, on_compute=on_compute or (lambda given, context: None))


def use_agents(monkeypatch: pytest.MonkeyPatch, *agents: AnyAgent) -> None:
    """Let these be all the agents there are, for as long as the test."""
    registered = by_name(agents)
    for module in (
        "agents.registry",
        "agents.runner",
        "workflows.validation",
        "workflows.ports",
        "workflows.definitions_admin.sheet",
    ):
        monkeypatch.setattr(f"{module}.AGENTS", registered)


class Script:
    """What a model says, call after call, the last line for good; `asked` holds what it was asked, in order.

    A line is the answer's data, an exception to raise, or a function that returns one of them. Copies are
    the script itself, so that a test sees what the provider's own copy of its options was asked.
    """

    def __init__(self, lines: Iterable[Any]) -> None:
        self.lines = list(lines)
        self.asked: list[LanguageRequest] = []

    def __deepcopy__(self, memo: object) -> "Script":
        return self


class ScriptedModel:
    """A language provider that says what its script says."""

    def __init__(self, mode: str, options: Mapping[str, Any]) -> None:
        self.simulated = mode == "sandbox"
        self.script: Script = options["script"]

    def ask(self, request: LanguageRequest) -> LanguageAnswer:
        """Say the script's next line."""
        lines, asked = self.script.lines, self.script.asked
        line = lines[min(len(asked), len(lines) - 1)]
        asked.append(request)
        if callable(line):
            line = line()
        if isinstance(line, Exception):
            raise line
        return answer(line, request_id=f"req_{len(asked)}")


def answer(data: dict[str, Any], *, request_id: str = "req_1", usage: Usage | None = None) -> LanguageAnswer:
    """Return an answer with this data that took 1,000 tokens in and 100 out."""
    return LanguageAnswer(
        text=str(data),
        data=data,
        usage=usage or Usage(input_tokens=1_000, output_tokens=100),
        model="claude-haiku-5-5",
        stop_reason="end_turn",
        request_id=request_id,
    )


def scripted(lines: Iterable[Any], *, mode: str = "sandbox") -> dict[str, Any]:
    """Return the setting PROVIDERS with a model that says these lines."""
    backend = "tests.factories.agents.ScriptedModel"
    return {"claude": {"BACKEND": backend, "MODE": mode, "OPTIONS": {"script": Script(lines)}}}


def asked() -> list[LanguageRequest]:
    """Return what the scripted model of the settings was asked."""
    script: Script = settings.PROVIDERS["claude"]["OPTIONS"]["script"]
    return script.asked


def faulty(**faults: Any) -> dict[str, Any]:
    """Return the setting PROVIDERS with Claude's sandbox acting out faults."""
    backend = "agents.providers.claude.ClaudeProvider"
    return {"claude": {"BACKEND": backend, "MODE": "sandbox", "OPTIONS": {"faults": faults}}}

"""One agent on a sheet: what it is for, what it takes and puts out, how it computes, what it asks a model."""

import inspect
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from agents.catalogue.fields import Shape, shapes_of
from agents.catalogue.source import Constant, Documented, Source, source_of
from agents.registry import AnyAgent

DEFINITIONS = "agents.definitions"
SKILLS = "agents.skills"


@dataclass(frozen=True, slots=True)
class Part:
    """A module an agent is made of, or shares with others: its constants and its functions."""

    module: str
    constants: tuple[Constant, ...]
    functions: tuple[Documented, ...]


@dataclass(frozen=True, slots=True)
class AgentSheet:
    """An agent described by its code alone.

    `providers` are those it asks, `reads` is what it computes from, `checks` what is asked of a model's
    answer; `parts` are its own modules, `shared` what it takes from others.
    """

    name: str
    label: str
    purpose: str
    about: str
    model_tier: str
    providers: tuple[str, ...]
    reads: str
    input_schema: Mapping[str, Any]
    output_schema: Mapping[str, Any]
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    parts: tuple[Part, ...]
    shared: tuple[Part, ...]
    prompt: str
    checks: str
    example: Mapping[str, Any]

    @property
    def rules(self) -> tuple[Documented, ...]:
        """Every function of the agent's own modules that says how something is computed."""
        return tuple(rule for part in self.parts for rule in part.functions)

    @property
    def thresholds(self) -> tuple[Constant, ...]:
        """Every constant of the agent's own modules."""
        return tuple(constant for part in self.parts for constant in part.constants)


def label_of(name: str) -> str:
    """Return an agent's name in words: `account_health` as "Account health"."""
    return name.replace("_", " ").capitalize()


@cache
def sheet_of(agent: AnyAgent) -> AgentSheet:
    """Return an agent's sheet; the code does not change while a process lives, so it is made once."""
    kind = type(agent)
    source = source_of(kind.compute.__module__)
    return AgentSheet(
        name=agent.name,
        label=label_of(agent.name),
        purpose=agent.purpose,
        about=inspect.getdoc(source.module) or "",
        model_tier=agent.model_tier.value,
        providers=agent.providers,
        reads=inspect.getdoc(kind.compute) or "",
        input_schema=agent.Input.model_json_schema(),
        output_schema=agent.Output.model_json_schema(mode="serialization"),
        inputs=shapes_of(agent.Input),
        outputs=shapes_of(agent.Output, is_output=True),
        parts=tuple(Part(one.name, one.constants(), one.functions()) for one in _own(source)),
        shared=tuple(_shared(source)),
        prompt=source.instruction(),
        checks=inspect.getdoc(kind.compose) or "",
        example=example_of(agent),
    )


def example_of(agent: AnyAgent) -> Mapping[str, Any]:
    """Return an input the agent takes, as JSON: the example of its schema, else what it takes if nothing is given."""
    known = agent.Input.model_json_schema().get("examples")
    if known:
        return dict(known[0])
    defaults: dict[str, Any] = agent.Input().model_dump(mode="json")
    return defaults


def _own(source: Source) -> list[Source]:
    """Return the agent's module and those it alone is made of: definitions without an agent of their own."""
    imported = [source_of(name) for name in source.imported(DEFINITIONS)]
    return [source, *(one for one in imported if not one.is_shared)]


def _shared(source: Source) -> Iterator[Part]:
    """Return what the agent's own modules take from skills and from what agents share, by module."""
    names: defaultdict[str, set[str]] = defaultdict(set)
    own = _own(source)
    for one in own:
        for prefix in (DEFINITIONS, SKILLS):
            for module, imported in one.imported(prefix).items():
                names[module] |= set(imported)
    for module in sorted(names.keys() - {one.name for one in own}):
        whole = source_of(module)
        constants = tuple(one for one in whole.constants() if one.name in names[module])
        functions = tuple(one for one in whole.functions() if one.name in names[module])
        if constants or functions:
            yield Part(module, constants, functions)

"""What an agent is: typed input, computed facts, a prompt for the words, typed output.

Numbers are computed here and handed to the model; the model only writes words about them. An agent
has no tools and no way to act: `agents.runner.run_agent` is the only door, and it gives an agent
nothing but its input, this context and the `content` tables.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class ModelTier(StrEnum):
    """How able a model an agent asks for; settings say which model that is."""

    FAST = "fast"
    SMART = "smart"


class Typed(BaseModel):
    """Base of every input, facts, words and output model: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(Typed):
    """The words of an agent that had nothing to say."""


@dataclass(frozen=True, slots=True)
class BrandVoice:
    """What a brand tells the model about itself; byte-stable, so that prompts can be cached."""

    name: str
    voice: str = ""
    guidelines: str = ""
    banned_claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AgentContext:
    """Whom an agent works for and what "now" is for it.

    `as_of` is aware, in UTC: the last post of an imported file, or the time of the last sync. Every
    window is counted back from it, never from the clock. `brand` is None when the account has none. With a
    `model_tier` every agent asks that one, whatever its own.
    """

    account_id: UUID
    handle: str
    as_of: datetime
    locale: str = "en"
    brand: BrandVoice | None = None
    model_tier: ModelTier | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request for words.

    `instruction` is ours. `facts` are the numbers the words are about. `untrusted` maps a label to
    text that other people wrote (captions, comments); it is fenced as data, never as instruction. An answer
    that may need more than the usual tokens says so by `max_tokens`.
    """

    instruction: str
    facts: BaseModel
    untrusted: Mapping[str, str] = field(default_factory=dict)
    max_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Made:
    """Something an agent made that is kept beside its output: its kind, as `Artifact` names them, and its text."""

    kind: Literal["draft", "caption"]
    text: str


InputT = TypeVar("InputT", bound=BaseModel)
FactsT = TypeVar("FactsT", bound=BaseModel)
WordsT = TypeVar("WordsT", bound=BaseModel)
OutputT = TypeVar("OutputT", bound=BaseModel)


class Agent(ABC, Generic[InputT, FactsT, WordsT, OutputT]):
    """One agent; a module in `agents.definitions` holds exactly one.

    `name` is permanent: runs, traces and workflow definitions refer to it. `providers` are those it has asked for
    it, by their aliases: Claude, or none where it has nothing to put into words.
    """

    name: ClassVar[str]
    purpose: ClassVar[str]
    model_tier: ClassVar[ModelTier]
    providers: ClassVar[tuple[str, ...]] = ("claude",)
    Input: type[InputT]
    Facts: type[FactsT]
    Words: type[WordsT]
    Output: type[OutputT]

    @abstractmethod
    def compute(self, given: InputT, context: AgentContext) -> FactsT:
        """Return the numbers: deterministic, no model, from the `content` tables only."""

    @abstractmethod
    def prompt(self, facts: FactsT, context: AgentContext) -> Prompt | None:
        """Return what to ask the model for, or None when there is nothing to put into words."""

    @abstractmethod
    def compose(self, facts: FactsT, words: WordsT | None) -> OutputT:
        """Join facts and words.

        Raises `ValueError` with one sentence when the words do not fit the facts (a segment named
        twice, one left out); the runner then asks once more, with that sentence.
        """

    def made(self, output: OutputT) -> tuple[Made, ...]:
        """Return what is kept of an output as artifacts, at most one of each kind; most agents make none."""
        return ()

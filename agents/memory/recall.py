"""What of all that is remembered is told to a model for one question: within scope, by rank, within bounds.

What people accepted for the account, its brand, or the agent that asks. Voice and lessons are always told; facts and
outcomes where they share a word with the question, by PostgreSQL's full-text rank (`ts_rank` over
`websearch_to_tsquery`, the words joined by OR; source: PostgreSQL manual, 12.3). Those that match best come first,
then the newest; at most 12 items and 2,000 characters, so the order never depends on chance.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from agents.contract import AgentContext, Prompt
from agents.memory.languages import configuration_of
from agents.prompts import render_memory
from tiktok_ops.prepared import fetch

MOST_ITEMS = 12
MOST_CHARACTERS = 2_000
MOST_WORDS = 60
_WORD = re.compile(r"[^\W\d_]{3,}")

_RECALL = """
WITH asked AS (
    SELECT account.id, account.workspace_id, account.brand_id,
        websearch_to_tsquery(%s::regconfig, %s) || websearch_to_tsquery('simple', %s) AS query
        FROM accounts_tiktokaccount AS account WHERE account.id = %s
), within AS (
    SELECT item.id, item.kind, item.scope, item.text, item.search, asked.query FROM agents_memoryitem AS item
        JOIN asked ON item.workspace_id = asked.workspace_id
        WHERE item.status = 'active' AND (item.scope = 'brand' AND item.brand_id = asked.brand_id
            OR item.account_id = asked.id OR item.agent = %s AND item.scope = 'agent')
)
(SELECT id, kind, scope, text, ts_rank(search, query) AS rank FROM within WHERE search @@ query
    ORDER BY rank DESC, id DESC LIMIT %s)
UNION ALL
(SELECT id, kind, scope, text, 0 FROM within WHERE NOT search @@ query AND kind IN ('voice', 'lesson')
    ORDER BY id DESC LIMIT %s)
ORDER BY rank DESC, id DESC
"""


@dataclass(frozen=True, slots=True)
class Remembered:
    """An item that is told, and why."""

    id: UUID
    kind: str
    scope: str
    text: str
    rank: float

    @property
    def why(self) -> str:
        """Why it is told, in words."""
        if self.rank > 0:
            return f"shares words with the question (rank {self.rank:.3f})"
        return f"a {self.kind} of this {self.scope} is always told"


@dataclass(frozen=True, slots=True)
class Memory:
    """What is told for one question, best first."""

    items: Sequence[Remembered] = field(default=())

    def told_after(self, user: str) -> str:
        """Return the question with what is remembered behind it; as it is where there is nothing."""
        return (
            f"{user}\n\n{render_memory((one.kind, one.text) for one in self.items)}" if self.items else user
        )

    @property
    def texts(self) -> list[str]:
        """What is told, in order."""
        return [one.text for one in self.items]

    def worded(self, texts: Sequence[str]) -> "Memory":
        """Return the same items with these texts in place of theirs."""
        return Memory(tuple(replace(one, text=text) for one, text in zip(self.items, texts, strict=True)))

    @property
    def trace(self) -> dict[str, Any]:
        """What the trace of a call says of it; nothing where nothing was told."""
        told = [
            {"id": str(one.id), "kind": one.kind, "scope": one.scope, "why": one.why} for one in self.items
        ]
        return {"memory": told} if told else {}


NOTHING_TO_TELL = Memory()


def recall(agent: str, context: AgentContext, prompt: Prompt) -> Memory:
    """Return what is told to the model for this question; one query."""
    language, words = configuration_of(context.locale), " or ".join(words_of(prompt))
    rows = fetch(_RECALL, [language, words, words, context.account_id, agent, MOST_ITEMS, MOST_ITEMS])
    return Memory(within_bounds(Remembered(*row) for row in rows))


def words_of(prompt: Prompt) -> list[str]:
    """Return what to look for: the distinct words of the facts, of other people's texts and of the instruction."""
    texts = [*_strings(prompt.facts.model_dump(mode="json")), *prompt.untrusted.values(), prompt.instruction]
    found = (word.lower() for text in texts for word in _WORD.findall(text))
    return list(dict.fromkeys(found))[:MOST_WORDS]


def _strings(value: Any) -> Iterable[str]:
    """Yield every text in a JSON value, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)


def within_bounds(items: Iterable[Remembered]) -> tuple[Remembered, ...]:
    """Return the first items that fit together; one that is too long for what is left is passed over."""
    told: list[Remembered] = []
    left = MOST_CHARACTERS
    for item in items:
        if len(told) < MOST_ITEMS and len(item.text) <= left:
            told.append(item)
            left -= len(item.text)
    return tuple(told)

"""Taking out what was found: stand-ins that can be put back, the same for the same thing throughout a request."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.guardrails.findings import Finding
from agents.guardrails.policy import MILDEST_FIRST, Verdict
from agents.guardrails.scanning import Judged
from agents.skills.captions import fold

WITHHELD = "WITHHELD"
_STAND_IN = re.compile(r"\[[A-Z_]{2,20}_(\d{1,6})\]")


@dataclass(slots=True)
class StandIns:
    """The stand-ins of one request: `[EMAIL_1]` for the first address, whatever way it is written.

    What is held stands in as `[WITHHELD_1]`, which nothing is put back for. Numbers begin behind those that
    somebody wrote into the texts themselves, so that nobody gets another's address by guessing its stand-in.
    """

    _by_thing: dict[tuple[str, str], str] = field(default_factory=dict)
    _originals: dict[str, str] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _begin: int = 0

    def take_out(self, texts: Mapping[str, str], judged: Iterable[Judged]) -> dict[str, str]:
        """Return the texts with what is to be redacted or held taken out."""
        self._begin = max([self._begin, *(_highest(text) for text in texts.values())])
        by_field: dict[str, list[Judged]] = defaultdict(list)
        for one in judged:
            if one.verdict in (Verdict.REDACT, Verdict.HOLD) and one.finding.length:
                by_field[one.finding.field].append(one)
        return {name: self._without(text, by_field.get(name, [])) for name, text in texts.items()}

    def _without(self, text: str, judged: list[Judged]) -> str:
        pieces, at = [], 0
        for start, end, one in merged(judged):
            pieces += [text[at:start], self._stand_in(text[start:end], one)]
            at = end
        return "".join([*pieces, text[at:]])

    def _stand_in(self, thing: str, one: Judged) -> str:
        if not one.finding.replacement and one.verdict is Verdict.REDACT:
            return ""
        name = one.finding.replacement if one.verdict is Verdict.REDACT else WITHHELD
        key = (name, _same(thing))
        if key not in self._by_thing:
            self._counts[name] += 1
            self._by_thing[key] = f"[{name}_{self._begin + self._counts[name]}]"
            if one.verdict is Verdict.REDACT:
                self._originals[self._by_thing[key]] = thing
        return self._by_thing[key]

    def put_back(self, value: Any) -> Any:
        """Return a JSON value with each stand-in in its texts replaced by what it stands for."""
        if isinstance(value, str):
            return _STAND_IN.sub(lambda found: self._originals.get(found.group(), found.group()), value)
        if isinstance(value, dict):
            return {name: self.put_back(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.put_back(inner) for inner in value]
        return value

    def hide(self, text: str) -> str:
        """Return a text of ours with what was taken out before taken out of it again."""
        for stand_in, thing in sorted(self._originals.items(), key=lambda pair: -len(pair[1])):
            text = text.replace(thing, stand_in)
        return text


def merged(judged: Iterable[Judged]) -> list[tuple[int, int, Judged]]:
    """Return stretches that do not overlap, left to right; of those that do, the gravest verdict's name stands."""
    stretches: list[tuple[int, int, Judged]] = []
    for one in sorted(judged, key=lambda one: (one.finding.offset, -one.finding.length)):
        start, end = one.finding.offset, one.finding.end
        if stretches and start < stretches[-1][1]:
            before, last_end, other = stretches.pop()
            graver = max((other, one), key=lambda each: MILDEST_FIRST.index(each.verdict))
            stretches.append((before, max(end, last_end), graver))
        else:
            stretches.append((start, end, one))
    return stretches


def redacted(text: str, findings: Iterable[Finding]) -> str:
    """Return a text with each finding replaced by its name, `[EMAIL]`, for good."""
    pieces, at = [], 0
    for start, end, one in merged(Judged(finding, Verdict.REDACT) for finding in findings):
        name = one.finding.replacement
        pieces += [text[at:start], f"[{name}]" if name else ""]
        at = end
    return "".join([*pieces, text[at:]])


def _same(thing: str) -> str:
    """Return what two ways of writing a thing share."""
    return "".join(character for character in fold(thing).text if character.isalnum())


def _highest(text: str) -> int:
    """Return the highest number of what looks like a stand-in in a text of other people's."""
    return max((int(found[1]) for found in _STAND_IN.finditer(text)), default=0)

"""Asking detectors about texts: every form of each text, the border between two, each detector bounded in time.

Runs in the process that checks (`agents.guardrails.process`), where a detector that hangs can be interrupted.
"""

import importlib
import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate, islice

from agents.guardrails.findings import MOST_FINDINGS, Detector, Find, Finding, Hit, ScanContext, Sight
from agents.guardrails.views import View, as_written, comparable, further_forms

MOST_HITS = 4 * MOST_FINDINGS
"""Of one detector, before what it found twice is put together."""

Bound = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """A detector that could not be asked: its name, and why."""

    detector: str
    why: str


class Nonsense(ValueError):
    """A detector answered what is no finding in the text it was given."""


@dataclass(frozen=True, slots=True)
class Forms:
    """Each text in the forms detectors are shown, made once for all of them."""

    written: Mapping[str, View]
    comparable: Mapping[str, View]
    further: Mapping[str, tuple[View, ...]]
    joined: "Joined | None"

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> "Forms":
        """Return the forms of the texts."""
        plain = {name: comparable(text) for name, text in texts.items()}
        return cls(
            written={name: as_written(text) for name, text in texts.items()},
            comparable=plain,
            further={name: tuple(further_forms(view)) for name, view in plain.items()},
            joined=Joined.of(plain) if len(plain) > 1 else None,
        )

    def digits(self) -> int:
        """Return how many digits there are in all texts, in whatever form."""
        views = [*self.comparable.values(), *(view for views in self.further.values() for view in views)]
        return sum(character.isdigit() for view in views for character in view.text)


@dataclass(frozen=True, slots=True)
class Joined:
    """All texts put together, in their order, as a reader puts together what was split over fields."""

    text: str
    names: tuple[str, ...]
    views: tuple[View, ...]
    borders: tuple[int, ...]

    @classmethod
    def of(cls, views: Mapping[str, View]) -> "Joined":
        """Put together the texts, without the white space around each."""
        stripped = [view.cut(*_without_margins(view.text)) for view in views.values()]
        together = accumulate((len(view.text) for view in stripped), initial=0)
        return cls("".join(view.text for view in stripped), tuple(views), tuple(stripped), tuple(together))

    def parts(self, hit: Hit) -> list[tuple[str, int, int]]:
        """Return (name, offset, length) in each original text of what was found over a border; else nothing."""
        first = bisect_right(self.borders, hit.offset) - 1
        found = []
        for at in range(first, len(self.names)):
            start = max(hit.offset, self.borders[at])
            end = min(hit.offset + hit.length, self.borders[at + 1])
            if start < end:
                span = self.views[at].span(start - self.borders[at], end - start)
                found.append((self.names[at], span.offset, span.length))
        return found if len(found) > 1 else []


def run_detectors(
    detectors: Iterable[Detector], texts: Mapping[str, str], context: ScanContext, *, bound: Bound
) -> tuple[list[Finding], list[Fault]]:
    """Return what the detectors found, and those that could not be asked, with the reason.

    `bound` makes a context in which a detector that takes too long is interrupted by `TimeoutError`.
    """
    findings: list[Finding] = []
    faults: list[Fault] = []
    forms = Forms.of(texts)
    digits = forms.digits()
    for detector in detectors:
        if digits < detector.least_digits:
            continue
        try:
            with bound():
                findings += _distinct(_few(_found_by(detector, forms, context)))
        except TimeoutError:
            faults.append(Fault(detector.name, "it took too long"))
        except Nonsense as nonsense:
            faults.append(Fault(detector.name, str(nonsense)))
        except Exception as error:  # noqa: BLE001  # whatever went wrong, the content is held
            faults.append(Fault(detector.name, f"it failed ({type(error).__name__})"))
    if len(findings) > MOST_FINDINGS:
        faults.append(Fault("all", f"it found more than {MOST_FINDINGS} things"))
    return findings[:MOST_FINDINGS], faults


def _few(findings: Iterator[Finding]) -> list[Finding]:
    """Return the findings; raises `Nonsense` for more than anybody could read."""
    found = list(islice(findings, MOST_HITS + 1))
    if len(found) > MOST_HITS:
        raise Nonsense(f"it found more than {MOST_HITS:,} things")
    return found


def _found_by(detector: Detector, forms: Forms, context: ScanContext) -> Iterator[Finding]:
    find = function_of(detector.find) if isinstance(detector.find, str) else detector.find
    if detector.sight is Sight.AS_WRITTEN:
        for name, view in forms.written.items():
            yield from _in_view(detector, find, name, view, context)
        return
    for name, view in forms.comparable.items():
        for form in (view, *forms.further[name]):
            yield from _in_view(detector, find, name, form, context)
    if detector.crosses and forms.joined:
        yield from _over_borders(detector, find, forms.joined, context)


def _in_view(
    detector: Detector, find: Find, name: str, view: View, context: ScanContext
) -> Iterator[Finding]:
    if not view.text:
        return
    for hit in find(view.text, replace(context, field=name)):
        _check(hit, view.text)
        span = view.span(hit.offset, hit.length)
        yield _finding(detector, hit, name, span.offset, span.length)


def _over_borders(detector: Detector, find: Find, joined: Joined, context: ScanContext) -> Iterator[Finding]:
    for hit in find(joined.text, context):
        _check(hit, joined.text)
        for name, offset, length in joined.parts(hit):
            yield _finding(detector, hit, name, offset, length)


def _check(hit: object, text: str) -> None:
    """Raise `Nonsense` unless this is a hit in this text."""
    if not isinstance(hit, Hit):
        raise Nonsense(f"it answered with a {type(hit).__name__}")
    numbers = (hit.offset, hit.length)
    if not all(type(number) is int and number >= 0 for number in numbers) or sum(numbers) > len(text):
        raise Nonsense("it found something outside of the text")
    if type(hit.kind) is not str or not _is_share(hit.score):
        raise Nonsense("it answered with a score that is none")


def _is_share(score: object) -> bool:
    return isinstance(score, float | int) and math.isfinite(score) and 0 <= score <= 1


def _finding(detector: Detector, hit: Hit, name: str, offset: int, length: int) -> Finding:
    return Finding(
        category=detector.category,
        detector=detector.name,
        severity=hit.severity or detector.severity,
        score=float(hit.score),
        field=name,
        offset=offset,
        length=length,
        replacement=detector.replacement,
        kind=hit.kind,
    )


def _distinct(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings of one detector, each stretch once with its best score; one within another goes with it."""
    best: dict[tuple[str, int, int], Finding] = {}
    for finding in findings:
        key = (finding.field, finding.offset, finding.length)
        if key not in best or best[key].score < finding.score:
            best[key] = finding
    kept: list[Finding] = []
    for one in sorted(best.values(), key=lambda one: (one.field, one.offset, -one.length)):
        last = kept[-1] if kept else None
        inside = last is not None and last.field == one.field and one.length and one.end <= last.end
        if inside and last is not None and one.score <= last.score:
            continue
        kept.append(one)
    return kept


@cache
def function_of(path: str) -> Find:
    """Return the function at a dotted path; raises `ImportError` or `AttributeError`."""
    module, _, name = path.rpartition(".")
    found: Find = getattr(importlib.import_module(module), name)
    return found


def _without_margins(text: str) -> tuple[int, int]:
    """Return where the text begins and ends without the white space around it."""
    start = len(text) - len(text.lstrip())
    return start, max(start, len(text.rstrip()))

"""JSON that satisfies a schema, filled from facts: what the sandbox answers in a model's place.

Figures, flags and keys are copied from the facts of the same name. An array named like a list of the
facts gets an item per item of that list. Strings are sentences about the facts next to them; what they
are meant to be is told by their name (`summary`, `why`, `fix`, `name`, `traits`, `hooks`, ...).
Bounds that the client moved into a description (`maxLength: 80`) are kept, as a model would.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agents.sandbox import offers, phrases
from agents.sandbox.phrases import Facts

Schema = Mapping[str, Any]

DEEPEST = 8
"""Where a schema that holds itself stops being followed."""

DEEPEST_OPTIONAL = 4
"""Where what may be null is."""

USUAL_STRINGS = 3
LONGEST_STRING = 600
_FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "duration": "P1D",
    "email": "nobody@example.com",
    "hostname": "example.com",
    "uri": "https://example.com/",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_SENTENCES: dict[str, Callable[[Facts], str]] = {
    **dict.fromkeys(("name", "label", "headline", "topic"), phrases.name_for),
    "title": offers.title_for,
    "message": offers.message_for,
    "say": offers.words_to_say,
    "lesson": offers.lesson_of,
    **dict.fromkeys(
        ("why", "reason", "rationale", "explanation", "because", "diagnosis"), phrases.reason_for
    ),
    **dict.fromkeys(
        ("fix", "remedy", "suggestion", "advice", "action", "recommendation"), phrases.remedy_for
    ),
    **dict.fromkeys(("summary", "overview", "report"), phrases.summary_of),
    "description": offers.description_for,
    "hook": phrases.hook_for,
    "outline": phrases.outline_for,
    "caption": phrases.caption_for,
    "move": phrases.move_for,
}
_LISTS: dict[str, Callable[[Facts], list[str]]] = {
    "traits": phrases.traits_of,
    "hooks": phrases.hooks_for,
    "hashtags": phrases.terms_of,
    "terms": phrases.terms_of,
    "text": phrases.lines_for,
}


def answer_for(schema: Schema, facts: Facts) -> Any:
    """Return a value for `schema` (with its `$defs`), made of `facts`; the same for the same two."""
    return _Answer(schema.get("$defs", {}), facts).value(schema, "", facts)


@dataclass(frozen=True, slots=True)
class _Answer:
    """One answer in the making: what schemas refer to, and all the facts there are."""

    definitions: Mapping[str, Schema]
    facts: Facts

    def value(self, schema: Schema, name: str, near: Facts, depth: int = 0) -> Any:
        """Return a value for the property `name`; `near` are the facts it is about."""
        schema = self._resolved(schema, near.get(name, ...), depth)
        known = near.get(name)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return known if known in schema["enum"] else schema["enum"][0]
        match schema.get("type"):
            case "object":
                return self._object(schema, known if isinstance(known, Mapping) else near, depth)
            case "array":
                return self._array(schema, name, near, depth)
            case "string":
                return _string(schema, name, near)
            case "integer" | "number" as kind:
                return _number(schema, known, is_whole=kind == "integer")
            case "boolean":
                return known is True
            case _:
                return None

    def _resolved(self, schema: Schema, known: object, depth: int) -> Schema:
        """Return the schema meant: references followed, one variant chosen, parts laid together."""
        for _ in range(DEEPEST):
            if "$ref" in schema:
                schema = self.definitions.get(str(schema["$ref"]).rpartition("/")[2], {})
            elif "anyOf" in schema:
                schema = _variant(schema, known, depth)
            elif "allOf" in schema:
                parts = [self._resolved(part, known, depth) for part in schema["allOf"]]
                schema = {key: value for part in parts for key, value in part.items()}
            else:
                break
        return schema

    def _object(self, schema: Schema, near: Facts, depth: int) -> dict[str, Any]:
        if depth > DEEPEST:
            return {}
        properties = schema.get("properties", {})
        return {name: self.value(part, name, near, depth + 1) for name, part in properties.items()}

    def _array(self, schema: Schema, name: str, near: Facts, depth: int) -> list[Any]:
        items = self._resolved(schema.get("items", {}), ..., depth)
        most = _bound(schema, "maxItems")
        fewest = int(_bound(schema, "minItems") or 0)
        found = near.get(name) if isinstance(near.get(name), list) else _list_named(name, self.facts)
        if items.get("type") == "string" and not _are_strings(found):
            made: list[Any] = _strings(items, name, near, fewest, most)
        elif found is not None:
            made = [self._item(items, part, depth) for part in found]
            _tell_apart(made, found, longest=self._longest_name(items))
        else:
            made = [self.value(items, "", near, depth + 1) for _ in range(fewest if depth <= DEEPEST else 0)]
        return made if most is None else made[: int(most)]

    def _longest_name(self, items: Schema) -> int:
        named = self._resolved(items.get("properties", {}).get("name", {}), ..., 0)
        return int(_bound(named, "maxLength") or LONGEST_STRING)

    def _item(self, schema: Schema, part: object, depth: int) -> Any:
        """Return an item about one item of the facts; a plain value is known by any usual name."""
        near = part if isinstance(part, Mapping) else {"": part, "key": part, "tag": part, "name": part}
        return self.value(schema, "", near, depth + 1)


def _variant(schema: Schema, known: object, depth: int) -> Schema:
    """Return the variant to fill: null where the fact is null or a loop ends, else the first other."""
    variants = schema["anyOf"]
    empty = [variant for variant in variants if variant.get("type") == "null"]
    if empty and (known is None or depth > DEEPEST_OPTIONAL):
        return {"type": "null"}
    chosen: Schema = next(
        (variant for variant in variants if variant.get("type") != "null"), {"type": "null"}
    )
    return chosen


def _string(schema: Schema, name: str, near: Facts) -> str:
    longest = int(_bound(schema, "maxLength") or LONGEST_STRING)
    known = near.get(name)
    if isinstance(known, str) and known:
        return phrases.shortened(known, longest)
    if "format" in schema:
        return _FORMATS.get(schema["format"], "")
    write = _SENTENCES.get(name.rpartition("_")[2], phrases.sentence_about if name else phrases.summary_of)
    return phrases.shortened(write(near), longest)


def _strings(items: Schema, name: str, near: Facts, fewest: int, most: float | None) -> list[str]:
    """Return two or three short strings, or as many as are asked for."""
    longest = int(_bound(items, "maxLength") or LONGEST_STRING)
    write = _LISTS.get(name.rpartition("_")[2], phrases.points_about)
    wanted = max(fewest, USUAL_STRINGS if most is None else min(USUAL_STRINGS, int(most)))
    spare = [*phrases.hooks_for(near), *(f"Note {number}" for number in range(1, wanted + 1))]
    made = list(dict.fromkeys(write(near)))[:wanted]
    lacking = max(fewest, min(2, wanted)) - len(made)
    made += [text for text in spare if text not in made][: max(lacking, 0)]
    return [phrases.shortened(text, longest) for text in made]


def _number(schema: Schema, known: object, *, is_whole: bool) -> float:
    number: float = 0
    # A number minus itself is 0 unless it is infinite or none.
    if isinstance(known, int | float) and not isinstance(known, bool) and known - known == 0:
        number = known
    lowest, highest = _bound(schema, "minimum"), _bound(schema, "maximum")
    if lowest is not None:
        number = max(number, lowest)
    if highest is not None:
        number = min(number, highest)
    return round(number) if is_whole else number


def _bound(schema: Schema, keyword: str) -> float | None:
    """Return a bound of the schema, or the one its description tells in the client's `{key: value}`."""
    told = re.search(rf"\b{keyword}: (-?\d+(?:\.\d+)?)", schema.get("description", ""))
    given = schema.get(keyword, told and told[1])
    return None if given is None else float(given)


def _list_named(name: str, facts: Facts) -> list[Any] | None:
    """Return the list of that name nearest to the top of the facts."""
    level: list[Facts] = [facts]
    while level:
        for part in level:
            if name and isinstance(part.get(name), list):
                return list(part[name])
        level = [inner for part in level for inner in part.values() if isinstance(inner, Mapping)]
    return None


def _are_strings(found: list[Any] | None) -> bool:
    return bool(found) and all(isinstance(part, str) for part in found or ())


def _tell_apart(made: list[Any], found: list[Any], *, longest: int) -> None:
    """Give items of the same made-up name different ones: more of their terms, or else a number."""
    seen: set[str] = set()
    for number, (item, facts) in enumerate(zip(made, found, strict=True), start=1):
        if not isinstance(item, dict) or not isinstance(facts, Mapping) or "name" in facts:
            continue
        name = item.get("name")
        if name in seen:
            name = phrases.shortened(phrases.name_for(facts, terms=3), longest)
        if name in seen:
            name = f"{phrases.shortened(str(name), longest - len(f' {number}'))} {number}"
        if isinstance(name, str):
            item["name"] = name
            seen.add(name)

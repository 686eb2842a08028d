"""Facts as English: figures named in words, joined into sentences a person can read.

The wording knows nothing but the names and values of the facts. Names are read as the design writes
them: plurals count things, `_per_` is a rate, `share` and its like are parts of a whole.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Facts = Mapping[str, Any]

NOTHING_KNOWN = "There is not enough data to say more."
LONGEST_VALUE = 40
MOST_PHRASES = 4
MOST_LABELS = 3
_VERDICTS = ("overall", "score", "risk", "category", "severity", "share", "lift", "fit", "velocity", "growth")
_FIGURES = ("probability", "change", "median", "mean", "posts", "uses", "views", "likes", "per")
IMPORTANT = (*_VERDICTS, *_FIGURES)
"""Words of names in the order in which figures are told; the others follow by name."""

SUBJECTS = ("handle", "tag", "name", "title", "topic", "label", "keyword")
"""What a sentence can be about, best first."""

LABELS = (*SUBJECTS, "rule", "key", "explanation", "hour")
"""What an item is called by, best first."""

TERMS = (
    "terms",
    "hashtags",
    "top_hashtags",
    "keywords",
    "topics",
    "tags",
    "tag",
    "topic",
    "label",
    "title",
    "key",
)
"""Where an item's own words are, best first."""

QUOTES = ("quote", "excerpt", "phrase", "text", "match")
_PARTS = {
    "share",
    "rate",
    "probability",
    "similarity",
    "saturation",
    "coverage",
    "confidence",
    "overlap",
    "change",
}
_UNTOLD = {"id", "key", "url", "as_of", "locale", "threshold", "weight", "offset", "length", "rank", "index"}
_AVERAGES = {"median", "mean", "average"}
_CLASSES = {"category", "status", "kind", "source", "ruleset", "region"}
_GROUPS = ("window", "baseline")
_MOST_SENTENCES = 4
_OPENINGS = (
    "Open on",
    "Start with a close view of",
    "Begin in the middle of",
    "Cut straight to",
    "Fade in on",
)
_ENDINGS = (
    "End with a question to the viewers.",
    "Close on the result and name it.",
    "Ask for a comment with their own way.",
    "Finish by saying what comes next week.",
    "Leave the last step open for a second part.",
)
_VOWELS = "aeiou"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def sentence_about(facts: Facts) -> str:
    """Return one sentence: what the facts are about, with their main figures."""
    found = phrases(facts)
    subject = subject_of(facts)
    if found:
        return f"{subject or 'The account'} shows {joined(found[:MOST_PHRASES])}."
    return f"Nothing more is known about {subject}." if subject else NOTHING_KNOWN


def summary_of(facts: Facts) -> str:
    """Return up to four sentences: the main figures, what is flagged, the periods, what leads a list."""
    lists = [(name, part) for name, part in facts.items() if _is_items(part)]
    flagged = [(name, items) for name, items in lists if _flag(items)]
    sentences = [
        sentence_about(facts) if phrases(facts) else "",
        *(_sentence_on_flag(name, items) for name, items in flagged),
        _sentence_on_groups(facts),
        _sentence_on_trend(facts),
        *(_sentence_on_list(*entry) for entry in lists if entry not in flagged),
    ]
    return " ".join([sentence for sentence in sentences if sentence][:_MOST_SENTENCES]) or NOTHING_KNOWN


def reason_for(facts: Facts) -> str:
    """Return why an item matters, as a sentence with its main figures."""
    found = phrases(facts)
    if not found:
        return sentence_about(facts)
    return f"{subject_of(facts) or 'This'} stands out with {joined(found[:MOST_LABELS])}."


def remedy_for(facts: Facts) -> str:
    """Return what to do about an item: about its quote and its rule where it has them."""
    rule = in_words(str(facts.get("rule") or facts.get("category") or "")).removesuffix(" rule")
    goal = f"the {rule} rule" if rule else "the rules"
    quote = next((facts[key] for key in QUOTES if isinstance(facts.get(key), str) and facts[key]), "")
    if quote:
        return f"Replace “{shortened(quote, 60)}” with wording that meets {goal}."
    if rule:
        return f"Change the text so that it meets {goal}."
    found = phrases(facts)
    return f"Look at {joined(found[:2])} first." if found else NOTHING_KNOWN


def name_for(facts: Facts, *, terms: int = 2) -> str:
    """Return a short name made of an item's own terms."""
    own = terms_of(facts)
    return _capitalised(joined(own[:terms])) if own else "Other posts"


def traits_of(facts: Facts) -> list[str]:
    """Return what is known of an item, a few words each."""
    own = terms_of(facts)
    told = [f"Posts about {joined(own[:MOST_LABELS])}"] if own else []
    measured = {name: value for name, value in facts.items() if "score" not in name}
    return told + [_capitalised(phrase) for phrase in phrases(measured)]


def hooks_for(facts: Facts) -> list[str]:
    """Return first lines for a video about an item's terms."""
    own = terms_of(facts) or ["this"]
    return [
        f"What most people miss about {own[0]}",
        f"Three things to know about {own[1 % len(own)]}",
        f"{_capitalised(own[2 % len(own)])} in under a minute",
        f"The question everyone asks about {own[0]}",
        f"Why {own[1 % len(own)]} deserves a second look",
    ]


def hook_for(facts: Facts) -> str:
    """Return the first line of a video; items with other keys (a word and a number) get another one."""
    angle = facts.get("angle")
    line = _in_turn(hooks_for(facts), facts)
    return f"{line}: {angle}" if isinstance(angle, str) and angle else line


def outline_for(facts: Facts) -> str:
    """Return what a video shows and says, in a few sentences that differ with the item's key."""
    own = joined(terms_of(facts)[:1]) or "the subject"
    angle, segment = (facts.get(name) for name in ("angle", "segment"))
    shown = f"Show {angle} on {own}" if isinstance(angle, str) and angle else f"Show {own} up close"
    audience = f", told for {segment}" if isinstance(segment, str) and segment else ""
    begun = f"{_in_turn(_OPENINGS, facts)} {own} and the hook on the screen."
    return f"{begun} {shown}{audience}. {_in_turn(_ENDINGS, facts)}"


def caption_for(facts: Facts) -> str:
    """Return the text under a video: its hook, and a question about its topic."""
    own = joined(terms_of({"topic": facts.get("topic")})) or "this"
    return f"{_hook_of(facts)}. What would you like to know about {own}?"


def move_for(facts: Facts) -> str:
    """Return what to try next about an item with a key, without a figure."""
    words = re.sub(r"\d", "", in_words(str(facts.get("key") or "what they do"))).strip()
    return f"Try the next posts the way of the winners: {words}."


def lines_for(facts: Facts) -> list[str]:
    """Return the lines shown in a video, the hook first; each may have to be shortened."""
    own = joined(terms_of({"topic": facts.get("topic")})) or "this"
    return [_hook_of(facts), f"A closer look at {own}", "What do you think?"]


def points_about(facts: Facts) -> list[str]:
    """Return the figures one at a time, as short sentences."""
    return [f"{_capitalised(phrase)}." for phrase in phrases(facts)] or [NOTHING_KNOWN]


def phrases(facts: Facts) -> list[str]:
    """Return the scalar facts as noun phrases ("a median of 1,204 views"), the important ones first."""
    told = (_phrase(name, facts[name]) for name in sorted(facts, key=_importance))
    return [phrase for phrase in told if phrase]


def subject_of(facts: Facts) -> str:
    """Return what the facts are about, as a sentence begins with it; empty where they do not say."""
    for key in SUBJECTS:
        value = facts.get(key)
        if isinstance(value, str) and value:
            sign = {"handle": "@", "tag": "#"}.get(key, "")
            return f"{sign}{value.lstrip('@#')}" if sign else _capitalised(shortened(value, LONGEST_VALUE))
    return ""


def terms_of(facts: Facts) -> list[str]:
    """Return an item's own words, each once, without signs."""
    for key in TERMS:
        value = facts.get(key)
        found = [term for part in (value if isinstance(value, list) else [value]) for term in _term(part)]
        if found:
            return list(dict.fromkeys(found))
    return []


def in_words(name: str) -> str:
    """Return a name of the code as words: `comments_per_1000_views` as 'comments per 1,000 views'."""
    words = name.replace("_", " ").replace("-", " ").split()
    return " ".join(f"{int(word):,}" if re.fullmatch("[0-9]{1,9}", word) else word for word in words)


def figure(value: float) -> str:
    """Return a number with thousands apart: two decimals from 1 up, four below, no zeros at the end."""
    if isinstance(value, int):
        return f"{value:,}"
    decimals = 2 if abs(value) >= 1 else 4
    shown = f"{value:,.{decimals}f}".rstrip("0").rstrip(".")
    return "0" if shown in {"-0", ""} else shown


def joined(parts: Sequence[str]) -> str:
    """Return 'a, b and c'."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def shortened(text: str, longest: int) -> str:
    """Return `text` with at most `longest` characters, cut between words where there are any."""
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    whole = cut.rpartition(" ")[0]
    return f"{whole or cut}…"[:longest]


def _in_turn(variants: Sequence[str], facts: Facts) -> str:
    """Return the variant for an item, by the number in its key."""
    number = re.search(r"[0-9]+", str(facts.get("key", "")))
    return variants[int(number[0][-9:]) % len(variants) if number else 0]


def _hook_of(facts: Facts) -> str:
    """Return the hook of an idea, or one made of the topic where there is none."""
    known = facts.get("hook")
    return known if isinstance(known, str) and known else hook_for({"topic": facts.get("topic")})


def _phrase(name: str, value: object) -> str:
    told = in_words(name) and name not in _UNTOLD and not name.endswith("_id")
    if not told or value is None or value is False:
        return ""
    if value is True:
        return in_words(name)
    if isinstance(value, int | float):
        return _measure(in_words(name), value)
    if not isinstance(value, str) or name in SUBJECTS or name in QUOTES or not _is_short(value):
        return ""
    if name in _CLASSES:
        return f"the {in_words(name)} “{value}”"
    return _with_article(f"{in_words(value)} {in_words(name)}")


def _measure(words: str, value: float) -> str:
    first, _, rest = words.partition(" ")
    last = words.split()[-1]
    if last in _PARTS and abs(value) <= 1:
        return f"{_with_article(words)} of {_percent(value)}"
    if last == "lift":
        return f"{_with_article(words)} of {figure(value)} times"
    if first in _AVERAGES and rest:
        return f"a {first} of {figure(value)} {rest}"
    if " per " in words:
        return f"{figure(value)} {words}"
    if isinstance(value, int) and (_is_plural(first) or _is_plural(last)):
        return f"{figure(value)} {_singular(words) if value == 1 else words}"
    return f"{words if _is_plural(last) else _with_article(words)} of {figure(value)}"


def _sentence_on_groups(facts: Facts) -> str:
    """Return a sentence that sets the window beside the baseline, as far as both are there."""
    told = [(name, phrases(facts[name])) for name in _GROUPS if isinstance(facts.get(name), Mapping)]
    halves = [f"the {name} has {joined(found[:MOST_LABELS])}" for name, found in told if found]
    return f"{_capitalised('; '.join(halves))}." if halves else ""


def _sentence_on_trend(facts: Facts) -> str:
    """Return where the first group of facts with a direction is going."""
    for name, part in facts.items():
        if isinstance(part, Mapping) and isinstance(part.get("direction"), str):
            change = part.get("change")
            by = f", by {_percent(abs(change))}" if isinstance(change, float) else ""
            return f"The {in_words(name)} is {part['direction']}{by}."
    return ""


def _flag(items: Sequence[Facts]) -> str:
    """Return the name of the first yes-or-no fact of these items."""
    return next((key for item in items for key, value in item.items() if isinstance(value, bool)), "")


def _sentence_on_flag(name: str, items: Sequence[Facts]) -> str:
    flag = _flag(items)
    flagged = [item for item in items if item.get(flag) is True]
    labels = _labels(flagged)
    verb = "is" if len(flagged) == 1 else "are"
    return (
        f"{len(flagged) or 'None'} of {len(items)} {in_words(name)} {verb} {in_words(flag)}"
        f"{': ' + joined(labels) if labels else ''}."
    )


def _sentence_on_list(name: str, items: Sequence[Facts]) -> str:
    labels = _labels(items)
    if not labels and len(items) == 1:
        return f"There is 1 {_singular(in_words(name))}."
    if not labels:
        return f"There are {len(items)} {in_words(name)}."
    return f"The {in_words(name)} begin with {joined(labels)}."


def _labels(items: Iterable[Facts]) -> list[str]:
    return [label for item in items if (label := _label(item))][:MOST_LABELS]


def _label(item: Facts) -> str:
    for key in LABELS:
        value = item.get(key)
        if key == "hour" and isinstance(value, int):
            return f"{value:02}:00 UTC"
        if isinstance(value, str) and value:
            return f"#{value.lstrip('#')}" if key == "tag" else in_words(shortened(value, LONGEST_VALUE))
    return ""


def _term(part: object) -> list[str]:
    value = next((part[key] for key in LABELS if part.get(key)), "") if isinstance(part, Mapping) else part
    words = in_words(value.strip("#@ ")) if isinstance(value, str) else ""
    return [words] if words else []


def _is_items(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _is_short(value: str) -> bool:
    return 0 < len(value) <= LONGEST_VALUE and len(value.split()) <= 3 and not _DATE.match(value)


def _singular(words: str) -> str:
    """Return 'fresh post' for 'fresh posts' and 'post considered' for 'posts considered'."""
    return " ".join(word.removesuffix("s") if _is_plural(word) else word for word in words.split())


def _is_plural(word: str) -> bool:
    return word.endswith("s") and not word.endswith("ss")


def _importance(name: str) -> tuple[list[int], str]:
    """Return a sort key: the ranks of the known words in a name, best first, then the name."""
    ranks = sorted(IMPORTANT.index(word) for word in name.split("_") if word in IMPORTANT)
    return ranks or [len(IMPORTANT)], name


def _percent(share: float) -> str:
    return f"{figure(round(share * 100, 2))}%"


def _with_article(words: str) -> str:
    return f"{'an' if words[:1].lower() in _VOWELS else 'a'} {words}"


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]

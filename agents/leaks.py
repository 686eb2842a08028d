"""What must not come out of an agent: our secrets, and the system prompt. And what may be shown of what went wrong.

A model is never given a secret, so one in its answer came another way; it is found by its exact value. A system
prompt that is echoed is found by runs of consecutive words, whatever their case, punctuation and spacing:

* 8 words that are ours (the rules, or across the lines of the brand's block), and
* 24 words that stand in one field of the brand, of which a sentence may well be meant for a caption.

Where a language writes no spaces, each character counts as a word. What a model translates, encodes or
rewords cannot be found like this, nor can a shorter run: nothing secret belongs into a brand's texts.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from pydantic import SecretStr

from agents.providers.errors import OutputInvalid, ProviderError

OUR_WORDS = 8
BRAND_WORDS = 24
SHORTEST_SECRET = 12
"""A shorter one (a database's password in development) may be a word that people write."""
LONGEST_SENTENCE = 400
LONGEST_TEXT = 100_000
"""Of what a model said, so much is kept on the trace: at its token limit it says about half of that."""

SECRET = "[secret]"  # noqa: S105 - what stands in its place
ECHO = "[system prompt]"
_SPACELESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_SPACELESS}]|[^\W_{_SPACELESS}]+")
_HIDDEN = re.compile(
    "[\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U00013430-\U00013455\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
"""Characters nobody sees: Unicode's format characters (Cf) and variation selectors."""

_BRAND = re.compile(r"<brand>\n(.*)\n</brand>", re.DOTALL)
_FIELD = re.compile(r"^(?:Name|Voice|Guidelines|Never claim): ", re.MULTILINE)
_SECRET_OPTION = re.compile(r"(key|secret|password|token)s?$", re.IGNORECASE)
_UNSHOWN = {"Cc", "Cf", "Co", "Cs"}
"""Unicode's control, format, private and surrogate characters: they hide text, or steer a terminal."""


def check_nothing_leaks(value: Any, *, system: str) -> None:
    """Raise `OutputInvalid` where a JSON value holds a secret of ours or an echo of the system text.

    The sentence does not repeat it, so that it can be shown, kept and sent back to the model.
    """
    secrets = known_secrets()
    keys, texts = list(_keys_of(value)), list(_texts_of(value))
    if any(secret in text for text in (*keys, *texts) for secret in secrets):
        raise OutputInvalid("The answer holds a key or a secret; write it without one.")
    # A run may be spread over fields that follow each other.
    if any(any(_echoes(words_in(" ".join(found)), system)) for found in (texts, keys)):
        raise OutputInvalid("The answer repeats its instructions; write only what is asked for.")


def scrubbed(text: str, *, system: str = "") -> str:
    """Return a text without our secrets and without echoes of the system text, at most 100,000 characters."""
    if len(text) < SHORTEST_SECRET:
        return text
    for secret in known_secrets():
        text = text.replace(secret, SECRET)
    if system:
        text = _without_echoes(text, system)
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} … ({len(text):,} characters)"


def one_line(text: str, *, system: str = "") -> str:
    """Return what may be shown of an error: scrubbed, on one line, without hidden characters, 400 characters."""
    line = scrubbed(text[: LONGEST_SENTENCE * 10], system=system)
    shown = "".join(" " if unicodedata.category(one) in _UNSHOWN else one for one in line)
    line = " ".join(shown.split())
    return line if len(line) <= LONGEST_SENTENCE else f"{line[: LONGEST_SENTENCE - 1]}…"


@contextmanager
def cleaned(system: str) -> Iterator[None]:
    """Leave of a provider's error what may be shown: vendors and models put anything into theirs."""
    try:
        yield
    except ProviderError as error:
        error.args = (one_line(str(error), system=system),)
        error.request_id = one_line(error.request_id)
        raise


def known_secrets() -> frozenset[str]:
    """Return every secret this installation was given, of 12 characters or more, as the settings have them now."""
    found = {settings.SECRET_KEY, *(secret for _, secret in (*settings.APPROVAL_KEYS, *settings.VAULT_KEYS))}
    found |= {secret for given in settings.WEBHOOK_SECRETS.values() for secret in given}
    found |= {settings.DATABASES["default"].get("PASSWORD", "")}
    found |= {unquote(urlsplit(address).password or "") for address in _addresses(settings.Q_CLUSTER)}
    for provider in settings.PROVIDERS.values():
        if isinstance(provider, Mapping):
            found |= set(_secret_options(provider.get("OPTIONS", {})))
    return frozenset(secret for secret in found if len(secret) >= SHORTEST_SECRET)


def _secret_options(options: Any) -> Iterator[str]:
    """Yield the values of the options that are named like a secret."""
    for name, value in options.items() if isinstance(options, Mapping) else ():
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        if isinstance(plain, str) and _SECRET_OPTION.search(str(name)):
            yield plain


def _addresses(value: Any) -> Iterator[str]:
    """Yield the addresses that stand anywhere in a setting."""
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _addresses(part)
    elif isinstance(value, str) and "://" in value:
        yield value


def words_in(text: str) -> list[str]:
    """Return the words of a text as they are compared: without case, marks and hidden characters."""
    plain = text if text.isascii() else _HIDDEN.sub("", unicodedata.normalize("NFKC", text))
    return _WORD.findall(plain.casefold())


Run = tuple[str, ...]


@lru_cache(maxsize=256)
def _runs(system: str) -> tuple[frozenset[Run], frozenset[Run]]:
    """Return the runs of words that give a system text away: those of ours, and the longer ones of the brand's."""
    whole = words_in(system)
    found = _BRAND.search(system)
    fields = _FIELD.split(found[1])[1:] if found else []
    theirs = {run for field in fields for run in _windows(words_in(field), OUR_WORDS)}
    return frozenset(_windows(whole, OUR_WORDS)) - theirs, frozenset(_windows(whole, BRAND_WORDS))


def _windows(words: list[str], size: int) -> Iterator[Run]:
    return zip(*(words[start:] for start in range(size)), strict=False)


def _echoes(words: list[str], system: str) -> Iterator[tuple[int, int]]:
    """Yield where runs of the system text stand among `words`, as (first word, words)."""
    for runs, size in zip(_runs(system), (OUR_WORDS, BRAND_WORDS), strict=True):
        beginnings = {run[0] for run in runs}
        for start in [at for at, word in enumerate(words) if word in beginnings]:
            if tuple(words[start : start + size]) in runs:
                yield start, size


def _without_echoes(text: str, system: str) -> str:
    """Return the text with everything replaced that stands from the first echo to the last."""
    said = words_in(text)
    if not any(_echoes(said, system)):
        return text
    # Where normal form and text differ, words cannot be laid back onto it: then all of it goes.
    places = list(_WORD.finditer(text.casefold()))
    words = [place[0] for place in places]
    echoes = list(_echoes(words, system))
    if words != said or len(text.casefold()) != len(text) or not echoes:
        return ECHO
    first = places[min(start for start, _ in echoes)].start()
    last = places[max(start + size - 1 for start, size in echoes)].end()
    return f"{text[:first]}{ECHO}{text[last:]}"


def _texts_of(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _texts_of(part)


def _keys_of(value: Any) -> Iterator[str]:
    """Yield every key in a JSON value, in order."""
    if isinstance(value, Mapping):
        yield from value
    if isinstance(value, Mapping | list):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _keys_of(part)

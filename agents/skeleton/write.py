"""Writing a new agent into a project: all of it, or nothing and a sentence why not."""

import keyword
import re
from pathlib import Path

from agents.registry import AGENTS
from agents.skeleton.texts import MODULE, TEST
from tiktok_ops.errors import Refused

NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
LONGEST_NAME = 60
SHORTEST_NAME = 3
LONGEST_PURPOSE = 90
USUAL_PURPOSE = "Count an account's posts and what they are usually viewed."

_IMPORTS = re.compile(r"(?<=from agents\.definitions import \(\n)(?:    \w+,\n)+(?=\))")
_LIST = re.compile(r"(?<=AGENTS = by_name\(\n    \[\n)(?:        \w+\.agent,\n)+(?=    \]\n\))")


class SkeletonRefused(Refused):
    """The new agent cannot be written."""


def write_agent(name: str, *, root: Path, purpose: str = USUAL_PURPOSE) -> list[Path]:
    """Write module and test of a new agent below `root`, register it, and return the files.

    Raises `SkeletonRefused` for a name that is no name or is taken, a purpose that is no short sentence,
    or a registry that is not written as this one is; nothing is written then.
    """
    _check_name(name)
    _check_purpose(purpose)
    files = {
        root / "agents" / "definitions" / f"{name}.py": MODULE,
        root / "tests" / "unit" / "agents" / "definitions" / f"test_{name}.py": TEST,
    }
    for file in files:
        if file.exists():
            raise SkeletonRefused(f"{file.relative_to(root)} is there already; take another name.")
        if not file.parent.is_dir():
            raise SkeletonRefused(f"There is no folder {file.parent}; run this in the project.")
    registry = root / "agents" / "registry.py"
    registered = _registered(registry.read_text("utf-8"), name)
    kind = "".join(part.capitalize() for part in name.split("_"))
    for file, text in files.items():
        file.write_text(text.substitute(name=name, kind=kind, purpose=purpose), encoding="utf-8")
    registry.write_text(registered, encoding="utf-8")
    return [*files, registry]


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name) or not SHORTEST_NAME <= len(name) <= LONGEST_NAME or keyword.iskeyword(name):
        raise SkeletonRefused(
            f"{name!r} is no name for an agent: take {SHORTEST_NAME} to {LONGEST_NAME} lower-case letters, "
            "digits and single underscores, beginning with a letter, as in 'hashtag_coach'."
        )
    if name in AGENTS:
        raise SkeletonRefused(f"There is an agent {name!r} already; names are permanent, take another.")


def _check_purpose(purpose: str) -> None:
    is_sentence = purpose.isprintable() and purpose[:1].isupper() and purpose.endswith(".")
    if not is_sentence or len(purpose) > LONGEST_PURPOSE or {'"', "\\"} & set(purpose):
        raise SkeletonRefused(
            f"The purpose {purpose!r} does not do: write one sentence of at most {LONGEST_PURPOSE} characters "
            "that begins with a capital and ends with a full stop, without double quotes or backslashes."
        )


def _registered(text: str, name: str) -> str:
    """Return the registry with the agent imported, in order, and at the end of the list."""
    imports, listed = _IMPORTS.search(text), _LIST.search(text)
    if imports is None or listed is None:
        raise SkeletonRefused(
            "agents/registry.py is not written as expected, so the agent cannot be registered there; "
            "write it by hand, as docs/adding-an-agent.md says."
        )
    names = sorted([*imports[0].split(), f"{name},"])
    text = f"{text[: listed.end()]}        {name}.agent,\n{text[listed.end() :]}"
    block = "".join(f"    {one}\n" for one in names)
    return text[: imports.start()] + block + text[imports.end() :]

"""`manage.py replay_run RUN --from KEY`: a new run that takes over what came before a step and does the rest again."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from workflows.control_commands import BY, ControlCommand
from workflows.models import WorkflowRun
from workflows.overrides import Changes
from workflows.replay import replay_run
from workflows.validation import InputRefused


class Command(ControlCommand):
    """Do a run again from a step, as a new run; what came before is taken over."""

    help = "Do a run again from a step, as a new run; what came before is taken over and costs nothing again."
    subject = "run"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        super().add_arguments(parser)
        parser.add_argument(
            "--from",
            dest="steps",
            action="append",
            required=True,
            metavar="KEY",
            help="the step to begin with, of a loop also as KEY#ITEM; may be given again",
        )
        for name, form, what in (
            ("input", "FIELD=VALUE", "a field of the input"),
            ("option", "KEY.NAME=VALUE", "an option of a node"),
            ("prompt", "KEY=FILE", "a file with what a node's agent is told to do"),
        ):
            parser.add_argument(
                f"--{name}", action="append", default=[], metavar=form, help=f"{what} that is to be different"
            )

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay the run and print the new one."""
        self._asked = options
        super().handle(*args, **options)

    def act(self, subject_id: UUID, *, reason: str) -> WorkflowRun:
        """Do a run again from a step, as a new run."""
        changes = Changes(
            given={name: _value(text) for name, text in self._pairs("input", "FIELD=VALUE")},
            options=_options(self._pairs("option", "KEY.NAME=VALUE")),
            prompts={key: _text(path) for key, path in self._pairs("prompt", "KEY=FILE")},
        )
        return replay_run(
            run_id=subject_id, from_steps=self._asked["steps"], by=BY, changes=changes, reason=reason
        )

    def _pairs(self, name: str, form: str) -> list[tuple[str, str]]:
        """Return what was given as `a=b`. Raises `InputRefused`."""
        for text in self._asked[name]:
            if "=" not in text:
                raise InputRefused(f"--{name} {text!r} has no '=': write it as {form}.")
        return [(before, after) for before, _, after in (text.partition("=") for text in self._asked[name])]


def _options(pairs: list[tuple[str, str]]) -> dict[str, dict[str, Any]]:
    """Return the options by node. Raises `InputRefused`."""
    found: dict[str, dict[str, Any]] = {}
    for written, text in pairs:
        key, dot, name = written.partition(".")
        if not dot:
            raise InputRefused(f"--option {f'{written}={text}'!r} names no node: write it as KEY.NAME=VALUE.")
        found.setdefault(key, {})[name] = _value(text)
    return found


def _value(text: str) -> Any:
    """Return the JSON value written, or the text itself where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputRefused(f"The file {path!r} of --prompt cannot be read: {error}.") from None

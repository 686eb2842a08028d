"""The two forms of tests that gain by repetition: short in `make test`, long in `make chaos`."""

import os
import secrets
from typing import TypeVar

import pytest

IS_LONG = os.environ.get("TIKTOK_OPS_TESTS") == "long"
IS_WIDE = IS_LONG or os.environ.get("HYPOTHESIS_PROFILE") == "wide"
WIDER = 20
"""How many times as many examples hypothesis draws, new ones each time, where it looks further."""

if IS_WIDE:
    os.environ.setdefault("TIKTOK_OPS_SEED", str(secrets.randbelow(2**31)))
SEED = int(os.environ.get("TIKTOK_OPS_SEED", "1"))
"""What chance begins from: another in each run that looks further, also for all processes that run tests."""

Form = TypeVar("Form")

only_long = pytest.mark.skipif(not IS_LONG, reason="in the long form only: make chaos")
"""For what other short tests show as well, at less cost."""


def examples(usual: int) -> int:
    """Return how many examples hypothesis draws: `usual`, or many more where it looks further."""
    return usual * WIDER if IS_WIDE else usual


def times(*, long: Form, short: Form) -> Form:
    """Return how often, or with what, to repeat: `short` unless the environment asks for the long form."""
    return long if IS_LONG else short

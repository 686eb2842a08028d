"""The two forms of tests that gain by repetition: short in `make test`, long in `make chaos`."""

import os
from typing import TypeVar

import pytest

IS_LONG = os.environ.get("TIKTOK_OPS_TESTS") == "long"

Form = TypeVar("Form")

only_long = pytest.mark.skipif(not IS_LONG, reason="in the long form only: make chaos")
"""For what other short tests show as well, at less cost."""


def times(*, long: Form, short: Form) -> Form:
    """Return how often, or with what, to repeat: `short` unless the environment asks for the long form."""
    return long if IS_LONG else short

"""The two forms of tests that gain by repetition: short in `make test`, long in `make chaos`."""

import os

IS_LONG = os.environ.get("TIKTOK_OPS_TESTS") == "long"


def times(*, long: int, short: int) -> int:
    """Return how often to repeat: `short` unless the environment asks for the long form."""
    return long if IS_LONG else short

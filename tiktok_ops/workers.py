"""Whether anybody answers doorbells: asked of the app that knows, which is above and says so at the start."""

from collections.abc import Callable

NO_WORKER = "No worker is running: start one with `make up`."

_counts: list[Callable[[], int]] = []


def register_count(count: Callable[[], int]) -> None:
    """Let `count` say how many workers are up; raises `ValueError` when somebody else does already."""
    if _counts:
        raise ValueError("How many workers are up is said twice: register one count only.")
    _counts.append(count)


def no_worker_is_up() -> bool:
    """Return whether it is known that nobody answers."""
    return bool(_counts) and _counts[0]() == 0

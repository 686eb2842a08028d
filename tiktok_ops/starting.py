"""What must be right before a process takes work or rings for it: worker, keeper and web process ask alike."""

from collections.abc import Callable

_checks: list[Callable[[], None]] = []


def register_start_check(check: Callable[[], None]) -> None:
    """Have `check` called before a process begins; it raises `Refused`. Asked again, it is called once."""
    if check not in _checks:
        _checks.append(check)


def check_start() -> None:
    """Raise `Refused` with the first thing that is wrong, in the order in which the checks were registered."""
    for check in _checks:
        check()

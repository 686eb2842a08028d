"""A child of this very process that does one thing, and may be killed in the middle of it.

A fork costs a few milliseconds where a process started anew costs two seconds; what it does is committed.
"""

import os
from collections.abc import Callable

from django.db import connections


def end_of(act: Callable[[], object]) -> int:
    """Do it in a child, and return how that ended: 0, 1 for an exception, or the negative of what killed it."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            act()
            code = 0
        finally:
            os._exit(code)  # whatever became of it: the child must never go on with the tests
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)

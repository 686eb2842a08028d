"""What contender and driver say to each other, over standard input and output. Needs nothing but Python."""

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

Work = Callable[[], dict[str, Any]]
Contender = Callable[[str, str], AbstractContextManager[Work]]


def serve(contender: Contender) -> None:
    """Get ready for the workload of the command line, say "ready", and work when a line comes in.

    `contender(workload, url)` opens what it needs and yields the work, which returns
    `{"seconds": [...], "steps": n}`: seconds from submit to durable end, of all (W), of each run (L, H),
    or of all decided in a burst (HB).
    """
    workload, url = sys.argv[1:3]
    with contender(workload, url) as work:
        print("ready", flush=True)
        sys.stdin.readline()
        print(json.dumps(work()), flush=True)
        sys.stdin.readline()

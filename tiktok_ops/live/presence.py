"""How those who announce know that somebody listens: a lock held for as long, which no crash leaves behind."""

from typing import LiteralString

BE_HEARD: tuple[LiteralString, ...] = (
    "SELECT pg_advisory_lock_shared(7461002, 1)",
    "SELECT pg_advisory_lock(7461002, 2)",
    "SELECT pg_advisory_unlock(7461002, 2)",
)
"""SQL for a session that has said LISTEN, before it looks at what there is.

The first lock says that somebody is there from now on, to all sessions but this one. The second is waited for: it
is shared by the transactions under way that looked before and will announce nothing (`workflow_is_heard`); what they
do can be seen once it was given.
"""

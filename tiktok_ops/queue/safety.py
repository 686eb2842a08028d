"""Whether the queue is set up so that nothing runs twice, hangs or is replayed. Each rule was a failure once."""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from math import ceil
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from tiktok_ops.errors import Refused

RETRY_MARGIN_SECONDS = 60


class QueueUnsafe(Refused):
    """The queue is set up so that it could run work twice, hang, or lose it."""


def check_queue(**_: Any) -> list[CheckMessage]:
    """Refuse settings of the queue that are not safe together."""
    return [Error(problem, id="tiktok_ops.E001") for problem in problems()]


def check_safe() -> None:
    """Raise `QueueUnsafe` with the first problem there is."""
    for problem in problems():
        raise QueueUnsafe(problem)


def problems() -> list[str]:
    """Return one sentence for each unsafe combination in the settings."""
    found = [*_broker_problems(), *_pool_problems()]
    shared = {key: value for key, value in settings.Q_CLUSTER.items() if key != "ALT_CLUSTERS"}
    clusters = {shared["name"]: {}, **settings.Q_CLUSTER.get("ALT_CLUSTERS", {})}
    for name, own in clusters.items():
        found += _cluster_problems(name, {**shared, **own})
    return found


def _broker_problems() -> Iterator[str]:
    if settings.QUEUE_BROKER != "redis":
        return
    if not settings.Q_CLUSTER.get("redis"):
        yield "QUEUE_BROKER is 'redis' and REDIS_URL is empty: name the server, as in redis://localhost:6379/0."
    if find_spec("redis") is None:
        yield "QUEUE_BROKER is 'redis' and its client is not installed: `pip install redis`, or use 'database'."


def _pool_problems() -> Iterator[str]:
    for alias, database in settings.DATABASES.items():
        if database.get("OPTIONS", {}).get("pool"):
            yield (
                f"DATABASES[{alias!r}]['OPTIONS']['pool'] is set: a pool does not survive the forks of a worker, "
                "take it out."
            )


def _cluster_problems(name: str, conf: Mapping[str, Any]) -> Iterator[str]:
    """Say what is unsafe in one cluster's settings, as django-q reads them."""
    where = f"Q_CLUSTER, the cluster {name!r}:"
    timeout = conf.get("timeout")
    if not isinstance(timeout, int | float) or isinstance(timeout, bool) or timeout <= 0:
        yield (
            f"{where} 'timeout' is {timeout!r}, so that a task that hangs keeps its worker for ever; give it the "
            "seconds after which its worker is ended."
        )
        return
    least = least_retry_seconds(conf)
    if conf.get("retry", 0) < least:
        yield (
            f"{where} 'retry' is {conf.get('retry')!r}, so that a task that waits in memory is given out twice; "
            f"make it {least} or more."
        )
    if conf.get("sync") and settings.IS_PRODUCTION:
        yield f"{where} 'sync' is {conf['sync']!r}, so that whoever rings does the work; take it out in production."
    for key, wanted, harm in SAFE:
        if conf.get(key) != wanted:
            yield f"{where} {key!r} is {conf.get(key)!r}, so that {harm}; make it {wanted!r}."


SAFE: tuple[tuple[str, object, str], ...] = (
    ("ack_failures", True, "a task that fails is run again for ever"),
    ("max_attempts", 1, "the queue counts tries that the steps' own policy counts"),
    ("catch_up", False, "every slot missed in an outage is run after it"),
    ("save_limit", -1, "each task's end is written once more, by one process for all"),
)
"""Settings with one safe value, and what happens with another."""


def least_retry_seconds(conf: Mapping[str, Any]) -> int:
    """Return the least safe `retry` of a cluster.

    timeout · (1 + ceil((queue_limit + bulk) / workers)) + 60: where a queue locks what it gives out, the lock
    begins when a task is taken, so the time it may wait in memory for the ones before it counts too.
    """
    workers: int = conf.get("workers") or 1
    ahead: int = ceil((conf.get("queue_limit", workers**2) + conf.get("bulk", 1)) / workers)
    return int(conf.get("timeout") or 0) * (1 + ahead) + RETRY_MARGIN_SECONDS

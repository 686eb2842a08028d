from typing import Any

import pytest
from pytest_django import Settings

from tiktok_ops.queue import safety
from tiktok_ops.queue.safety import QueueUnsafe, check_queue, check_safe, least_retry_seconds, problems

SHORT, LONG = "Q_CLUSTER, the cluster 'short':", "Q_CLUSTER, the cluster 'long':"


def with_queue(settings: Settings, **changes: Any) -> None:
    """Change the queue's settings."""
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, **changes}


def test_examine_the_projects_own_settings_finds_nothing() -> None:
    assert problems() == []
    assert check_queue() == []
    check_safe()


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("ack_failures", False, "'ack_failures' is False, so that a task that fails is run again for ever"),
        ("max_attempts", 0, "'max_attempts' is 0, so that the queue counts tries that"),
        ("catch_up", True, "'catch_up' is True, so that every slot missed in an outage is run after it"),
        ("save_limit", 250, "'save_limit' is 250, so that each task's end is written once more"),
        ("retry", 0, "'retry' is 0, so that a task that waits in memory is given out twice"),
    ],
)
def test_examine_an_unsafe_setting_says_what_would_happen_in_each_cluster(
    settings: Settings, key: str, value: object, sentence: str
) -> None:
    with_queue(settings, ALT_CLUSTERS={"long": {key: value}}, **{key: value})
    short, *more = problems()
    assert short.startswith(f"{SHORT} {sentence}")
    assert more[0].startswith(f"{LONG} {sentence}")
    assert check_queue()[0].msg == short
    with pytest.raises(QueueUnsafe) as refusal:
        check_safe()
    assert str(refusal.value) == short


@pytest.mark.parametrize("key", ["ack_failures", "max_attempts", "catch_up", "save_limit", "retry"])
def test_examine_settings_left_to_the_library_refuses_its_defaults(settings: Settings, key: str) -> None:
    settings.Q_CLUSTER = {name: value for name, value in settings.Q_CLUSTER.items() if name != key}
    assert f"{SHORT} {key!r} is " in problems()[0]


@pytest.mark.parametrize("timeout", [None, 0, -1, True, "300"])
def test_examine_tasks_that_may_hang_for_ever_are_refused(settings: Settings, timeout: object) -> None:
    with_queue(settings, timeout=timeout, retry=10_000)
    assert problems()[0] == (
        f"{SHORT} 'timeout' is {timeout!r}, so that a task that hangs keeps its worker for ever; give it the "
        "seconds after which its worker is ended."
    )
    settings.Q_CLUSTER = {key: value for key, value in settings.Q_CLUSTER.items() if key != "timeout"}
    assert "'timeout' is None" in problems()[0]  # as the library has it


def test_the_projects_own_settings_replace_a_worker_that_grew(settings: Settings) -> None:
    assert settings.Q_CLUSTER["max_rss"] == 1024 * 1024  # KiB


@pytest.mark.parametrize(
    ("conf", "seconds"),
    [
        ({"timeout": 300, "workers": 2, "queue_limit": 1, "bulk": 1}, 300 * 2 + 60),
        ({"timeout": 300, "workers": 1, "queue_limit": 1, "bulk": 1}, 300 * 3 + 60),
        ({"timeout": 100, "workers": 4, "queue_limit": 5, "bulk": 4}, 100 * 4 + 60),
        ({"timeout": 100, "workers": 2}, 100 * 4 + 60),  # django-q takes workers² ahead
        ({}, 60),
    ],
)
def test_least_retry_covers_the_wait_for_the_tasks_ahead(conf: dict[str, Any], seconds: int) -> None:
    assert least_retry_seconds(conf) == seconds


def test_examine_a_retry_one_second_too_short_names_the_least(settings: Settings) -> None:
    least = least_retry_seconds(settings.Q_CLUSTER)
    with_queue(settings, retry=least)
    assert problems() == []
    with_queue(settings, retry=least - 1)
    [problem] = problems()
    assert problem.endswith(f"make it {least} or more.")


@pytest.mark.parametrize(("in_production", "found"), [(True, 2), (False, 0)])
def test_examine_a_queue_without_workers_is_refused_in_production_only(
    settings: Settings, in_production: bool, found: int
) -> None:
    settings.IS_PRODUCTION = in_production
    with_queue(settings, sync=True)
    assert len(problems()) == found
    assert all("'sync' is True, so that whoever rings does the work" in problem for problem in problems())


def test_examine_a_connection_pool_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "OPTIONS", {"pool": {"min_size": 2}})
    assert problems() == [
        "DATABASES['default']['OPTIONS']['pool'] is set: a pool does not survive the forks of a worker, "
        "take it out."
    ]


@pytest.mark.parametrize(
    ("url", "is_installed", "said"),
    [
        ("redis://localhost:6379/0", True, []),
        ("", True, ["REDIS_URL is empty"]),
        ("redis://localhost:6379/0", False, ["its client is not installed"]),
        ("", False, ["REDIS_URL is empty", "its client is not installed"]),
    ],
)
def test_examine_redis_wants_a_server_and_a_client(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, url: str, is_installed: bool, said: list[str]
) -> None:
    monkeypatch.setattr(safety, "find_spec", lambda name: object() if is_installed else None)
    settings.QUEUE_BROKER = "redis"
    with_queue(settings, redis=url)
    assert len(problems()) == len(said)
    for problem, part in zip(problems(), said, strict=True):
        assert part in problem

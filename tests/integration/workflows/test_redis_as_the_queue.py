"""Doorbells at Redis: real workers wait there over a socket, and one that is lost on the way is rung again."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django_q.models import OrmQ
from redis import Redis
from redis.exceptions import RedisError

from tests.chaos.test_worker_kill import account_with_posts, check_whole, is_over
from tests.processes import call_command_line, running, wait_until
from tiktok_ops.accounts.models import TikTokAccount
from workflows.models import WorkflowRun

SERVER = shutil.which("redis-server") or ""
pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.skipif(not SERVER, reason="there is no redis-server on this machine"),
]

WORKER = {"WORKERS": "1", "LONG_WORKERS": "0"}


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """A Redis that keeps nothing on disk; yields its address."""
    port = free_port()
    server = subprocess.Popen(
        [SERVER, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    url = f"redis://127.0.0.1:{port}/0"
    wait_until(lambda: answers(url), seconds=20, what="Redis is up")
    yield url
    server.kill()
    server.wait(10)


def free_port() -> int:
    """Return a port nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def answers(url: str) -> bool:
    """Return whether a Redis is at this address."""
    with suppress(RedisError), Redis.from_url(url) as client:
        return bool(client.ping())
    return False


def waiting_at(url: str) -> int:
    """Return how many doorbells wait there for the short cluster."""
    with Redis.from_url(url) as client:
        return int(client.llen("django_q:short:q"))


def at(url: str) -> dict[str, str]:
    """Return the settings of a process whose doorbells are at this address."""
    return {"QUEUE_BROKER": "redis", "REDIS_URL": url}


def started_by_a_process(account: TikTokAccount, url: str) -> WorkflowRun:
    """Start an audit in a process whose doorbells go to this address, and that works at nothing itself."""
    start = f"start_run('profile_audit', account_id='{account.id}', by='a test')"
    said = call_command_line(
        "shell", "--command", f"from workflows.services import start_run; {start}", environment=at(url)
    )
    assert said.returncode == 0, said.stderr
    return WorkflowRun.objects.get(account=account)


def test_workers_that_wait_at_redis_do_what_was_rung_for_there(committed_db: str, redis_url: str) -> None:
    account = account_with_posts()
    with running("worker", environment=WORKER | at(redis_url)):
        run = started_by_a_process(account, redis_url)
        wait_until(lambda: is_over(run), seconds=60, what="the run is over")
    check_whole(run)
    assert not OrmQ.objects.exists()
    assert waiting_at(redis_url) == 0


def test_doorbell_lost_between_the_commit_and_redis_is_rung_by_the_keeper(
    committed_db: str, redis_url: str
) -> None:
    account = account_with_posts()
    run = started_by_a_process(account, f"redis://127.0.0.1:{free_port()}/0")
    assert waiting_at(redis_url) == 0
    with running("worker", environment=WORKER | at(redis_url)):
        assert not is_over(run)
        with running("keeper", environment={"KEEPER_SECONDS": "0.2"} | at(redis_url)):
            wait_until(lambda: is_over(run), seconds=60, what="the run is over")
    check_whole(run)

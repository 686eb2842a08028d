"""Webhooks under load: a hundred a second, a tenth of them copies, to what `manage.py up` starts.

python -m benchmarks.webhooks [--seconds 30] [--per-second 100] [--copies 0.1]

Each request leaves at its time, whether or not those before it were answered, and its answer is timed from then.
The database server is the project's own, and the database one of this measurement's.
Exits with 1 unless everything was answered 200 and each message was stored once.
"""

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from uuid import uuid4

import httpx
import psutil
import psycopg

from benchmarks.machine import Reading, Use, wait_for_quiet
from benchmarks.run import Server

SECRET = uuid4().hex
PATIENCE_SECONDS = 30.0
PROCESSED_WITHIN_SECONDS = 60.0
QUIET_WAIT_SECONDS = 30.0
SEED = 7


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request came to: its status, 0 without an answer, and the seconds since it was to leave."""

    status: int
    seconds: float


def bodies_of(count: int, *, copies: float) -> list[bytes]:
    """Return the bodies in the order they are sent; a share of `copies` was sent before."""
    chance = random.Random(SEED)
    bodies: list[bytes] = []
    for number in range(count):
        if bodies and chance.random() < copies:
            bodies.append(chance.choice(bodies))
        else:
            told = {"client_key": "aw_bench", "event": "bench.load", "create_time": number, "content": "{}"}
            bodies.append(json.dumps({**told, "user_openid": "-000bench"}).encode())
    return bodies


def signed(body: bytes) -> dict[str, str]:
    """Return the headers of a body TikTok signs now."""
    at = int(time.time())
    digest = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"TikTok-Signature": f"t={at},s={digest}", "Content-Type": "application/json"}


async def send_all(address: str, bodies: Sequence[bytes], *, per_second: float) -> list[Answer]:
    """Send each body at its time, and return what came of each."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
    async with httpx.AsyncClient(limits=limits, timeout=PATIENCE_SECONDS) as client:
        begun = time.monotonic()

        async def one(number: int, body: bytes) -> Answer:
            due = begun + number / per_second
            await asyncio.sleep(due - time.monotonic())
            try:
                answer = await client.post(address, content=body, headers=signed(body))
            except httpx.HTTPError:
                return Answer(0, time.monotonic() - due)
            return Answer(answer.status_code, time.monotonic() - due)

        return await asyncio.gather(*(one(number, body) for number, body in enumerate(bodies)))


@dataclass(frozen=True, slots=True)
class Site:
    """Web, worker and keeper: where they answer (without a slash at the end), the process that leads them, and the
    environment `manage.py` takes to speak of the same database."""

    address: str
    leader: psutil.Process
    environment: dict[str, str]


@contextmanager
def site(url: str) -> Iterator[Site]:
    """Have web, worker and keeper up on the database, as `manage.py up` starts them."""
    with TemporaryDirectory() as var:
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "tiktok_ops.settings",
            "LOG_LEVEL": "ERROR",
            "TIKTOK_OPS_VAR": var,
            "TIKTOK_OPS_POSTGRES_DIR": f"{var}/postgres",  # so that `down` leaves the server of this database
            "TIKTOK_CLIENT_KEY": "aw_bench",
            "TIKTOK_WEBHOOK_SECRETS": SECRET,
        }
        manage = [sys.executable, "manage.py"]
        try:
            told = subprocess.run(
                [*manage, "up"], env=environment, check=True, capture_output=True, text=True
            ).stdout
            found = re.search(r"http://\S+?:\d+", told)
            if found is None:
                sys.exit(f"`manage.py up` named no address: {told!r}.")
            yield Site(found[0], psutil.Process(int((Path(var) / "up.pid").read_text())), environment)
        finally:
            subprocess.run([*manage, "down"], env=environment, check=True, capture_output=True)


def unstored(url: str, bodies: Sequence[bytes], answers: Sequence[Answer]) -> int:
    """Return how many different messages were answered 200 and are not stored."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT body_sha256 FROM workflows_webhookmessage").fetchall()
    taken = {body for body, answer in zip(bodies, answers, strict=True) if answer.status == 200}
    return len({hashlib.sha256(body).hexdigest() for body in taken} - {digest for (digest,) in rows})


def count(url: str) -> tuple[int, int]:
    """Return how many messages are stored, and how many of them are over."""
    with psycopg.connect(url) as connection:
        cursor = connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE status <> 'received') FROM workflows_webhookmessage"
        )
        stored, over = cursor.fetchall()[0]
    return stored, over


def processed_after(url: str) -> float:
    """Wait until every message is over, and return after how many seconds; the longest wait where some are not."""
    begun = time.monotonic()
    stored, over = count(url)
    while over < stored and time.monotonic() - begun < PROCESSED_WITHIN_SECONDS:
        time.sleep(0.1)
        stored, over = count(url)
    return time.monotonic() - begun


def told_of(
    answers: Sequence[Answer], *, distinct: int, stored: int, processed_seconds: float, use: Use
) -> str:
    """Return the report."""
    cuts = quantiles((answer.seconds * 1000 for answer in answers), n=100)
    statuses = Counter(str(answer.status or "not at all") for answer in answers)
    longest = max(answer.seconds for answer in answers) * 1000
    ours, postgres = (
        seconds * 1000 / len(answers) for seconds in (use.contender_seconds, use.postgres_seconds)
    )
    return (
        f"{len(answers)} sent, {distinct} of them different; answered "
        f"{', '.join(f'{status}: {number}' for status, number in sorted(statuses.items()))}\n"
        f"stored {stored}, all over {processed_seconds:.1f} s after the last answer\n"
        f"answer p50 {cuts[49]:.1f} ms, p95 {cuts[94]:.1f} ms, longest {longest:.1f} ms\n"
        f"CPU for each: {ours:.1f} ms web, worker and keeper, {postgres:.1f} ms PostgreSQL; "
        f"others took {use.foreign_share:.0%} of the machine, the sender among them"
    )


def main() -> None:
    """Send, count and tell."""
    parser = argparse.ArgumentParser(description="Send webhooks to a real web server.")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--per-second", type=float, default=100.0)
    parser.add_argument("--copies", type=float, default=0.1, help="the share that was sent before")
    given = parser.parse_args()
    bodies = bodies_of(max(2, int(given.seconds * given.per_second)), copies=given.copies)
    server = Server.find()
    with server.database() as url, site(url) as up:
        wait_for_quiet(at_most_seconds=QUIET_WAIT_SECONDS)
        before = Reading.take(up.leader, server.postmaster)
        answers = asyncio.run(send_all(f"{up.address}/hooks/tiktok/", bodies, per_second=given.per_second))
        processed_seconds = processed_after(url)
        use = Use.between(before, Reading.take(up.leader, server.postmaster))
        stored, _ = count(url)
        lost = unstored(url, bodies, answers)
    distinct = len(set(bodies))
    print(told_of(answers, distinct=distinct, stored=stored, processed_seconds=processed_seconds, use=use))
    print(f"answered 200 and not stored: {lost}")
    if stored != distinct or {answer.status for answer in answers} != {200}:
        sys.exit("Not every message was answered 200 and stored once.")


if __name__ == "__main__":
    main()

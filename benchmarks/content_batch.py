"""How long a content batch takes until its drafts wait for a person, on what `manage.py up` starts.

python -m benchmarks.content_batch [--posts 5 10 50] [--repetitions 3] [--seed 3] [--write]

Timed from the command that starts the run to the last gate that opens: ideas, a reviewed draft and a rendered video
for each post, against the sandbox. Each size takes an account of its own each time, for an account has one batch at
a time. The database server is the project's own, the database one of this measurement's. Exits with 1 where a
batch does not ask for as many approvals as it was to draft posts, or takes longer than it may.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg

from benchmarks.machine import Reading, Use, wait_for_quiet
from benchmarks.report import put_section
from benchmarks.run import Server
from benchmarks.webhooks import Site, site

TARGETS_SECONDS = {5: 60.0, 10: 120.0, 50: 600.0}
PATIENCE_SECONDS = 900.0
QUIET_WAIT_SECONDS = 30.0
POST = {"topics": ["care", "home"], "duration_seconds": 5, "privacy_level": "SELF_ONLY"}


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch: how many posts it was to draft and how many gates it opened, and after how many seconds."""

    posts: int
    opened: int
    seconds: float
    use: Use


def manage(environment: Mapping[str, str], *arguments: str) -> str:
    """Run a command of the project's on the site's database, and return what it prints."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def progress(url: str) -> tuple[int, int]:
    """Return how many approvals were asked for, and how many steps are at work or to be done."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT (SELECT count(*) FROM approvals_approvalrequest), (SELECT count(*) FROM workflows_workflowstep"
            " WHERE status IN ('ready', 'running'))"
        ).fetchall()
    asked, busy = rows[0]
    return asked, busy


def drafted(server: Server, up: Site, *, handle: str, posts: int) -> Batch:
    """Start a batch, and wait until it has asked for every post or nothing of it moves any more."""
    url = up.environment["DATABASE_URL"]
    wait_for_quiet(at_most_seconds=QUIET_WAIT_SECONDS)
    asked_before, _ = progress(url)
    before, begun = Reading.take(up.leader, server.postmaster), time.monotonic()
    manage(
        up.environment, "run_workflow", "content_batch",
        "--account", handle, "--input", json.dumps({**POST, "n": posts}),
    )  # fmt: skip
    idle = 0
    while idle < 50 and time.monotonic() - begun < PATIENCE_SECONDS:
        asked, busy = progress(url)
        opened = asked - asked_before
        if opened >= posts:
            break
        idle = 0 if busy else idle + 1
        time.sleep(0.1)
    seconds = time.monotonic() - begun
    return Batch(posts, opened, seconds, Use.between(before, Reading.take(up.leader, server.postmaster)))


def told_of(posts: int, batches: list[Batch]) -> str:
    """Return one line about the batches of a size."""
    seconds = sorted(batch.seconds for batch in batches)
    target = TARGETS_SECONDS.get(posts)
    foreign = max(batch.use.foreign_share for batch in batches)
    return (
        f"{posts} posts: median {statistics.median(seconds):.1f} s (from {seconds[0]:.1f} to {seconds[-1]:.1f}, "
        f"{len(seconds)} times), {posts / statistics.median(seconds):.2f} posts/s"
        f"{f', target {target:g} s' if target else ''}; others took at most {foreign:.0%} of the machine"
    )


def main() -> None:
    """Start batches, wait, and tell."""
    parser = argparse.ArgumentParser(description="Time content batches until their drafts are ready.")
    parser.add_argument("--posts", type=int, nargs="+", default=list(TARGETS_SECONDS))
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--seed", type=int, default=3, help="which sandbox world")
    parser.add_argument("--write", action="store_true", help="write its part of RESULTS.md")
    given = parser.parse_args()
    server = Server.find()
    done: list[Batch] = []
    lines: list[str] = []
    with server.database() as url, site(url) as up:
        manage(up.environment, "sandbox_world", "--seed", str(given.seed))
        handles = handles_of(url)
        for posts in given.posts:
            for _ in range(given.repetitions):
                done.append(drafted(server, up, handle=handles[len(done) % len(handles)], posts=posts))
            lines.append(told_of(posts, [batch for batch in done if batch.posts == posts]))
            print(lines[-1], flush=True)
    if given.write:
        put_section("Content batches", [f"- {line}" for line in lines])
    if failures := missed(done):
        sys.exit(" ".join(failures))


def handles_of(url: str) -> list[str]:
    """Return the handles of the accounts that have a brand, in order."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT handle FROM accounts_tiktokaccount WHERE brand_id IS NOT NULL ORDER BY handle"
        ).fetchall()
    return [handle for (handle,) in rows]


def missed(done: list[Batch]) -> list[str]:
    """Return a sentence for each batch that drafted too few posts or took too long."""
    return [
        f"A batch of {batch.posts} asked for {batch.opened} approvals in {batch.seconds:.1f} s."
        for batch in done
        if batch.opened < batch.posts or batch.seconds > TARGETS_SECONDS.get(batch.posts, PATIENCE_SECONDS)
    ]


if __name__ == "__main__":
    main()

"""`make bench`: every workload, ours and the peers in turn, on one database server; writes what came of it.

python -m benchmarks.run [--repetitions 3] [--workloads W,L,H,HB,IDLE] [--only ours] [--write]

Peers run in the interpreter of `PEERS_PYTHON` (this one, unless it is set); one that cannot be imported
there is left out, with a sentence. What is measured while others use the machine is measured again, and marked.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

import django
import psutil
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
django.setup()

from django.db import connection  # noqa: E402

from benchmarks import report  # noqa: E402
from benchmarks.machine import Reading, Use, wait_for_quiet  # noqa: E402

QUIET_WAIT_SECONDS = 30.0
TRIES_FOR_PEACE = 3
PEERS = {"dbos": "dbos", "langgraph": "langgraph.checkpoint.postgres"}
WORKLOADS = ("W", "L", "H", "HB", "IDLE")


@dataclass(frozen=True, slots=True)
class Server:
    """The database server all contenders share."""

    url: str
    postmaster: psutil.Process
    settings: dict[str, str]

    @classmethod
    def find(cls) -> "Server":
        """Return the server of the settings; starts the embedded one."""
        connection.ensure_connection()
        given = connection.get_connection_params()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            postmaster = psutil.Process(cursor.fetchone()[0]).parent()
            names = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
            shown = {}
            for name in names:
                cursor.execute(f"SHOW {name}")
                shown[name] = cursor.fetchone()[0]
        if postmaster is None or (shown["fsync"], shown["synchronous_commit"]) != ("on", "on"):
            sys.exit("The database must be on this machine, with fsync and synchronous_commit on.")
        where = f"host={given.get('host', '')}&port={given.get('port') or 5432}"
        url = f"postgresql://{given.get('user', '')}@/{{name}}?{where}"
        return cls(url, postmaster, shown)

    @contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """Have a database of its own for the block, empty or a copy of `template` (a URL); yields its URL."""
        name = f"bench_{uuid4().hex[:8]}"
        with psycopg.connect(self.url.format(name="postgres"), autocommit=True) as administration:
            like = conninfo_to_dict(template)["dbname"] if template else "template1"
            administration.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(str(like))
                )
            )
            try:
                yield self.url.format(name=name)
            finally:
                administration.execute(
                    sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
                )


def missing_peers(python: str) -> dict[str, str]:
    """Return the peers that cannot be imported there, each with the sentence that says so."""
    missing = {}
    for name, module in PEERS.items():
        tried = subprocess.run(
            [python, "-c", f"import {module}"], capture_output=True, text=True, check=False
        )
        if tried.returncode:
            missing[name] = (
                f"{name} is left out: {python} has no module {module}; "
                "install requirements/bench.txt and name its interpreter in PEERS_PYTHON."
            )
    return missing


def measure(server: Server, name: str, workload: str, python: str, url: str) -> report.Sample:
    """Have one contender do one workload once. Exits with its exit code when it fails."""
    process = subprocess.Popen(
        [python, "-m", f"benchmarks.contenders.{name}", workload, url],
        env={**os.environ, "DATABASE_URL": url, "LOG_LEVEL": "ERROR"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("A process without pipes.")
    if process.stdout.readline().strip() != "ready":
        sys.exit(f"{name} did not get ready for {workload}: it ended with {process.wait()}.")
    was_quiet = wait_for_quiet(at_most_seconds=QUIET_WAIT_SECONDS)
    contender = psutil.Process(process.pid)
    before = Reading.take(contender, server.postmaster)
    process.stdin.write("go\n")
    process.stdin.flush()
    result = json.loads(process.stdout.readline())
    use = Use.between(before, Reading.take(contender, server.postmaster))
    process.communicate("done\n", timeout=60)
    return report.Sample(name, workload, result["seconds"], result["steps"], use, was_quiet)


def measure_in_peace(server: Server, name: str, workload: str, python: str) -> report.Sample:
    """Have one contender do one workload on a database of its own; again, a few times, while others take the machine.

    The last one counts, whatever it was: its share of others is told with it.
    """
    for _ in range(TRIES_FOR_PEACE):
        with server.database() as url:
            if name == "ours":
                subprocess.run(
                    [python, "manage.py", "migrate", "--verbosity", "0"],
                    env={**os.environ, "DATABASE_URL": url},
                    check=True,
                )
            sample = measure(server, name, workload, python, url)
        print(sample.line(), flush=True)
        if sample.use.foreign_share <= report.QUIET_SHARE:
            break
    return sample


def main() -> None:
    """Measure all there is to measure and tell."""
    parser = argparse.ArgumentParser(description="Measure the engine beside its peers.")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--workloads", default=",".join(WORKLOADS))
    parser.add_argument("--only", help="one contender: ours, dbos or langgraph")
    parser.add_argument("--write", action="store_true", help="write RESULTS.md and results.json")
    given = parser.parse_args()
    python = os.environ.get("PEERS_PYTHON", sys.executable)
    missing = missing_peers(python)
    for sentence in missing.values():
        print(sentence)
    contenders = {"ours": sys.executable} | {name: python for name in PEERS if name not in missing}
    contenders = {name: python for name, python in contenders.items() if given.only in (None, name)}
    server = Server.find()
    samples: list[report.Sample] = []
    for workload in given.workloads.split(","):
        for _ in range(given.repetitions):
            for name, interpreter in contenders.items():
                if workload == "IDLE" and name != "ours":
                    continue
                samples.append(measure_in_peace(server, name, workload, interpreter))
    report.tell(samples, server.settings, list(missing.values()), write=given.write)


if __name__ == "__main__":
    main()

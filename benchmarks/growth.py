"""How a step's cost grows with what is stored: workload W on databases that hold 10 to 100,000 finished runs.

python -m benchmarks.growth [--runs 10,1000,10000,100000] [--repetitions 3] [--write]

The stored runs are copies of one that was really run, with all its steps, dependencies, events, agent runs and
traces; their JSON is left out, which no index holds. Databases are made by `CREATE DATABASE … TEMPLATE`.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

import psycopg
from psycopg import sql

from benchmarks.report import put_section
from benchmarks.run import Server, measure

RUN_TABLES = {
    "workflows_workflowrun": ("id",),
    "agents_agentrun": ("id", "run_id", "step_id"),
    "agents_agentstep": ("id", "agent_run_id"),
    "workflows_workflowstep": ("id", "run_id", "agent_run_id"),
    "workflows_stepdependency": ("upstream_id", "downstream_id"),
    "workflows_runevent": ("run_id",),
    "audit_auditevent": ("id",),
}
"""The tables a run has rows in, with the columns that are ids of its own."""

LEFT_OUT = {"input": "'{}'", "facts": "'{}'", "output": "'{}'", "request": "'{}'", "response": "'{}'"}
MOST_FALL = 0.2
"""Steps per second may fall by so much from the least to the most stored runs; the exit code says whether they did."""


def fill(url: str, runs: int) -> None:
    """Copy the one run there is so often, with everything that belongs to it, and let the planner know."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SET session_replication_role = replica"
        )  # the copies' foreign keys hold by making
        for table, ids in RUN_TABLES.items():
            columns = connection.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_identity = 'NO'",
                [table],
            ).fetchall()
            names = [name for (name,) in columns]
            values = [
                f"md5(model.{name}::text || n)::uuid" if name in ids else LEFT_OUT.get(name, f"model.{name}")
                for name in names
            ]
            connection.execute(
                sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} AS model, generate_series(1, {}) AS n").format(
                    sql.Identifier(table),
                    sql.SQL(", ").join(map(sql.Identifier, names)),
                    sql.SQL(", ").join(sql.SQL(value) for value in values),
                    sql.Identifier(table),
                    sql.Literal(runs),
                )
            )
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def run_once(url: str) -> None:
    """Make the tables, and run the workflow once, in a process that runs both sides."""
    environment = {**os.environ, "DATABASE_URL": url, "LOG_LEVEL": "ERROR"}
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], env=environment, check=True)
    subprocess.run([sys.executable, "-m", "benchmarks.one_run"], env=environment, check=True)


def _table(told: dict[str, dict[str, float]]) -> list[str]:
    """Return the figures as the lines of a table."""
    return ["| stored runs | W, steps/s |", "|---|---|"] + [
        f"| {int(stored):,} | **{rate['median']:.0f}** ({rate['min']:.0f}-{rate['max']:.0f}) |"
        for stored, rate in told.items()
    ]


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description="Measure how cost grows with what is stored.")
    parser.add_argument("--runs", default="10,1000,10000,100000")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="write growth.json and its part of RESULTS.md")
    given = parser.parse_args()
    server = Server.find()
    told: dict[str, dict[str, float]] = {}
    with server.database() as model:
        run_once(model)
        for stored in (int(number) for number in given.runs.split(",")):
            with server.database(template=model) as filled:
                fill(filled, stored)
                rates = []
                for _ in range(given.repetitions):
                    sample = measure(server, "ours", "W", sys.executable, filled)
                    rates.append(sample.value)
                    print(f"{stored:>7} stored  {sample.line()}", flush=True)
            told[str(stored)] = {"median": median(rates), "min": min(rates), "max": max(rates)}
    print(json.dumps(told, indent=2))
    first, *_, last = (entry["median"] for entry in told.values())
    change = f"From the least to the most stored runs, steps per second changed by {last / first - 1:+.0%}."
    print(change)
    if given.write:
        (Path(__file__).parent / "growth.json").write_text(json.dumps(told, indent=2) + "\n")
        put_section("What it grows with", [*_table(told), "", change])
    if last < first * (1 - MOST_FALL):
        sys.exit(f"That is more than the {MOST_FALL:.0%} it may fall.")


if __name__ == "__main__":
    main()

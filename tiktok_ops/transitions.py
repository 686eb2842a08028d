"""Status machines: which status may follow which, in Python and in the database alike.

Each machine is one `TransitionTable`. A migration installs it as the arguments of a BEFORE UPDATE trigger,
so that the ORM and plain SQL are bound by the same pairs, and no table is read for them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import LiteralString

from django.db import connection
from django.db.migrations import RunSQL

from tiktok_ops.errors import Refused


class TransitionRefused(Refused):
    """This status cannot follow that one."""


@dataclass(frozen=True, slots=True)
class TransitionTable:
    """One status machine: `edges` maps each status to those that may follow it.

    `db_table` is the table whose `status` column it rules. A terminal status maps to an empty set, unless
    `over` names those in which a row counts as over though somebody may take it up again.
    """

    name: str
    db_table: str
    edges: Mapping[str, frozenset[str]]
    over: frozenset[str] = frozenset()

    @property
    def statuses(self) -> tuple[str, ...]:
        """Every status, in the order written."""
        return tuple(self.edges)

    @property
    def terminal(self) -> frozenset[str]:
        """The statuses in which a row is over."""
        return self.over or frozenset(status for status, targets in self.edges.items() if not targets)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every allowed (from, to), sorted."""
        return sorted((source, target) for source, targets in self.edges.items() for target in targets)

    def allows(self, source: str, target: str) -> bool:
        """Return whether `target` may follow `source`."""
        return target in self.edges.get(source, frozenset())

    def check(self, source: str, target: str) -> None:
        """Raise `TransitionRefused` unless `target` may follow `source`."""
        if not self.allows(source, target):
            raise TransitionRefused(f"A {self.name} that is {source!r} cannot become {target!r}.")


def table(name: str, db_table: str, edges: Mapping[str, str], *, over: str = "") -> TransitionTable:
    """Make a table from `{"queued": "running cancelled", "done": ""}`; `over` as in `TransitionTable`.

    Raises `ValueError` when a target is not itself a status.
    """
    parsed = {source: frozenset(targets.split()) for source, targets in edges.items()}
    unknown = sorted({target for targets in parsed.values() for target in targets} - set(parsed))
    if unknown:
        raise ValueError(f"The {name} machine leads to {unknown[0]!r}, which is not one of its statuses.")
    return TransitionTable(name=name, db_table=db_table, edges=parsed, over=frozenset(over.split()))


_FUNCTION: LiteralString = """
CREATE OR REPLACE FUNCTION check_status_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The first argument is the machine's name, the others are its pairs.
    IF OLD.status IS DISTINCT FROM NEW.status
            AND (OLD.status || '>' || NEW.status = ANY (TG_ARGV)) IS NOT TRUE THEN
        RAISE EXCEPTION 'A % that is ''%'' cannot become ''%''.', TG_ARGV[0], OLD.status, NEW.status
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""


def install(machine: TransitionTable) -> RunSQL:
    """Return the migration operation that installs `machine`; a changed table needs a new migration with it."""
    # Every name here is written in our own code.
    pairs = "".join(f", '{source}>{target}'" for source, target in machine.pairs)
    trigger = _trigger_of(machine)
    return RunSQL(
        f"""{_FUNCTION}
        CREATE OR REPLACE TRIGGER {trigger} BEFORE UPDATE OF status ON {machine.db_table}
            FOR EACH ROW EXECUTE FUNCTION check_status_transition('{machine.name}'{pairs});
        """,
        f"DROP TRIGGER IF EXISTS {trigger} ON {machine.db_table};",
    )


def installed_pairs(machine: TransitionTable) -> list[tuple[str, str]]:
    """Return the (from, to) the database holds for `machine`, sorted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgargs FROM pg_trigger WHERE tgname = %s", [_trigger_of(machine)])
        found = cursor.fetchone()
    # One string after another, each ended by a zero (pg_trigger).
    arguments = bytes(found[0]).decode().split("\0")[1:-1] if found else []
    return sorted((source, target) for source, _, target in (pair.partition(">") for pair in arguments))


def _trigger_of(machine: TransitionTable) -> str:
    return f"check_{machine.db_table}_status"

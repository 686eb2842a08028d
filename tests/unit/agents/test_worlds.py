"""The commands that put a made world up and hold agents against it."""

import json
from collections import Counter
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import OperationalError, connection

from agents.management.commands import check_sandbox_truth
from agents.sandbox.world.build import build_world
from agents.sandbox.world.model import FactKind
from agents.sandbox_models import SandboxRecord
from agents.truth import Claim, Truth
from agents.worlds import try_truth
from tests.forms import only_long
from tests.unit.agents.sandbox.world.test_build import NOON
from tiktok_ops.accounts.models import Brand, TikTokAccount, Workspace
from tiktok_ops.audit.models import AuditEvent


def run(command: str, *arguments: str) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_sandbox_world_makes_accounts_of_a_workspace_once() -> None:
    told = json.loads(run("sandbox_world", "--seed", "3", "--workspace", "made", "--json"))
    workspace = Workspace.objects.get(slug="made")
    assert told["accounts"] == [account.handle for account in build_world(3, as_of=NOON).accounts]
    assert TikTokAccount.objects.filter(workspace=workspace).count() == 12
    assert Brand.objects.get(workspace=workspace, name="Velvet Fern").banned_claims == [
        "clinically proven",
        "erases wrinkles",
    ]
    records, events = SandboxRecord.objects.count(), AuditEvent.objects.count()
    assert told["records"] == records > 8_000
    text = run("sandbox_world", "--seed", "3", "--workspace", "made")
    assert "@velvetfern, @velvetfern.lab, @velvetfern.vn" in text
    assert (SandboxRecord.objects.count(), AuditEvent.objects.count()) == (records, events)


@pytest.mark.parametrize("command", ["sandbox_world", "check_sandbox_truth"])
def test_made_worlds_are_not_for_production(
    command: str, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.IS_PRODUCTION = True
    with pytest.raises(SystemExit) as exited:
        call_command(command, "--seed", "3")
    assert exited.value.code == 2
    assert capsys.readouterr().err == "A made world is for the sandbox: production has none.\n"


WORLD = build_world(3, as_of=NOON)
MISSED = WORLD.facts[0]
INVENTED = Claim("comment_triage", FactKind.COMMENT_CRISIS, "velvetfern", "7")


def test_check_sandbox_truth_says_what_was_missed_and_exits_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = Truth(WORLD.facts, ((MISSED, "account_health"),), (INVENTED,))
    monkeypatch.setattr(check_sandbox_truth, "try_truth", lambda seed: truth)
    with pytest.raises(SystemExit) as exited:
        call_command("check_sandbox_truth", "--seed", "3", "--json")
    told = json.loads(capsys.readouterr().out)
    assert exited.value.code == 1
    assert (told["planted"], told["found"], told["invented"]) == (10, 9, 1)
    assert Counter(one["outcome"] for one in told["details"]) == {"found": 9, "missed": 1, "invented": 1}
    *_, missed, invented = told["details"]
    assert (missed["agent"], missed["kind"]) == ("account_health", MISSED.kind)
    assert (invented["agent"], invented["subject"]) == ("comment_triage", "7")
    assert all({"outcome", "kind", "handle", "subject", "value"} <= one.keys() for one in told["details"])
    with pytest.raises(SystemExit):
        call_command("check_sandbox_truth", "--seed", "3")
    text = capsys.readouterr().out
    assert text.startswith("9 of 10 planted facts found, 1 invented.\n")
    assert "missed by account_health" in text
    assert "invented by comment_triage" in text


def test_check_sandbox_truth_of_a_whole_truth_exits_with_0(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_sandbox_truth, "try_truth", lambda seed: Truth(WORLD.facts, (), ()))
    assert run("check_sandbox_truth", "--seed", "3") == "10 of 10 planted facts found, 0 invented.\n"


@only_long
def test_truth_is_found_in_the_sandbox_and_nothing_is_left_behind(committed_db: str) -> None:
    truth = try_truth(11)
    assert truth.is_whole
    assert not SandboxRecord.objects.exists()
    assert not TikTokAccount.objects.exists()


def test_try_truth_waits_for_another_who_does(committed_db: str) -> None:
    with psycopg.connect(committed_db) as other, connection.cursor() as cursor:
        other.execute("SELECT pg_advisory_lock(hashtextextended('world for a moment', 0))")
        cursor.execute("SET lock_timeout = '200ms'")
        with pytest.raises(OperationalError, match="lock timeout"):
            try_truth(3)
    assert not SandboxRecord.objects.exists()

"""`manage.py stop_switch`: the same service, for whoever has a shell."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command

from tests.factories.accounts import AccountFactory, BrandFactory, person
from tests.factories.stops import WHY
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from workflows.models import StopSwitch

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> TikTokAccount:
    made: TikTokAccount = AccountFactory.create(
        handle="lumen", workspace__slug="north", workspace__name="North", brand__name="Lumen"
    )
    return made


def called(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """Call the command with `--json` and return what it printed."""
    call_command("stop_switch", *arguments, "--json")
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "scope"),
    [
        (["--everything"], "everything"),
        (["--workspace", "north"], "workspace"),
        (["--brand", "Lumen"], "brand"),
        (["--brand", "Lumen", "--workspace", "north"], "brand"),
        (["--account", "@lumen"], "account"),
        (["--account", "lumen", "--workspace", "north"], "account"),
        (["--workflow", "own_post"], "workflow"),
        (["--workflow", "own_post", "--workspace", "north"], "workflow"),
    ],
)
def test_command_engages_lists_and_releases_each_scope(
    account: TikTokAccount, arguments: list[str], scope: str, capsys: pytest.CaptureFixture[str]
) -> None:
    [engaged] = called(capsys, "engage", *arguments, "--reason", WHY)
    assert (engaged["scope"], engaged["reason"], engaged["engaged_by"]) == (
        scope,
        WHY,
        "manage.py stop_switch",
    )
    assert (engaged["released_at"], engaged["released_by"]) == (None, None)
    assert (engaged["account"] == "lumen", engaged["brand"] == "Lumen") == (
        scope == "account",
        scope == "brand",
    )
    assert engaged["workspace"] == (
        None if arguments in (["--everything"], ["--workflow", "own_post"]) else "north"
    )
    assert called(capsys, "list") == [engaged]

    [released] = called(capsys, "release", engaged["id"])

    assert released["released_by"] == "manage.py stop_switch"
    assert called(capsys, "list") == []
    assert called(capsys, "list", "--all") == [released]


def test_command_says_in_words_what_is_stopped(
    account: TikTokAccount, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("stop_switch", "list")
    assert capsys.readouterr().out == "Nothing is stopped.\n"
    call_command("stop_switch", "engage", "--account", "lumen", "--reason", WHY)
    engaged = StopSwitch.objects.get()
    said = capsys.readouterr().out
    assert said.startswith(f"{engaged.id}  The account {account} is stopped since ")
    call_command("stop_switch", "release", str(engaged.id))
    assert capsys.readouterr().out.endswith("UTC by manage.py stop_switch.\n")


def test_command_as_a_person_is_by_their_rights_and_on_record_as_theirs(
    account: TikTokAccount, capsys: pytest.CaptureFixture[str]
) -> None:
    person(account.workspace, Role.OWNER, username="ana")
    person(account.workspace, Role.VIEWER, username="kim")
    [engaged] = called(capsys, "engage", "--account", "lumen", "--reason", WHY, "--as", "ana")
    assert engaged["engaged_by"] == "user:ana"
    assert "'kim' may not stop or release this" in refusal(capsys, "release", engaged["id"], "--as", "kim")


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the sentence the command refuses with."""
    with pytest.raises(SystemExit) as ended:
        call_command("stop_switch", *arguments)
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["engage"], "Nothing is named to stop: to stop everything, say --everything."),
        (["engage", "--everything", "--account", "lumen"], "Name one thing to stop"),
        (["engage", "--everything", "--workspace", "north"], "Name one thing to stop"),
        (["engage", "--workspace", "south"], "There is no workspace 'south'"),
        (["engage", "--brand", "Nope"], "There is no brand 'Nope'"),
        (["engage", "--brand", "Twice"], "There is more than one brand 'Twice'"),
        (["engage", "--account", "nope"], "There is no account 'nope'"),
        (["engage", "--workflow", "nope"], "There is no workflow 'nope'"),
        (["engage", "--everything", "--as", "nope"], "There is no person 'nope'"),
        (["release", "nope"], "There is no stop switch 'nope'"),
        (["release", str(uuid4())], "There is no stop switch"),
    ],
)
def test_command_that_cannot_says_why_and_ends_with_2(
    account: TikTokAccount, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    BrandFactory.create(name="Twice")
    BrandFactory.create(name="Twice")
    reason = ["--reason", WHY] if arguments[0] == "engage" else []
    assert said in refusal(capsys, *arguments, *reason)
    assert not StopSwitch.objects.exists()

"""`manage.py api_key`, as a person or a script runs it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command

from tests.factories.accounts import BrandFactory, WorkspaceFactory, person
from tests.unit.tiktok_ops.rest.callers import expired_key, make_key, revoked_key
from tiktok_ops.accounts.keys import find_key
from tiktok_ops.accounts.models import ApiKey, Workspace
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent

NOW = datetime(2025, 6, 30, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Said:
    """What the command wrote, and its exit code."""

    output: str
    error: str
    code: int


def api_key(*arguments: str) -> Said:
    """Run the command in this process."""
    output, error = StringIO(), StringIO()
    code = 0
    try:
        call_command("api_key", *arguments, stdout=output, stderr=error, no_color=True)
    except SystemExit as end:
        code = int(end.code or 0)
    return Said(output.getvalue(), error.getvalue(), code)


def create(*arguments: str, workspace: str = "north", name: str = "Reporting") -> Said:
    """Run `api_key create` with a workspace, a name and more."""
    return api_key("create", "--workspace", workspace, "--name", name, *arguments)


@pytest.fixture(autouse=True)
def _north(db: None) -> None:
    WorkspaceFactory.create(slug="north")


def test_create_prints_the_key_alone_on_standard_output() -> None:
    said = create("--scopes", "read")
    found = find_key(said.output.removesuffix("\n"))
    assert found is not None
    assert (found.workspace.slug, found.name, found.scopes) == ("north", "Reporting", ["read"])
    assert (found.expires_at, found.is_sandbox_only, found.brand) == (None, True, None)
    assert said.error == "Keep this key now: it is not shown again.\n"
    assert said.code == 0


def test_create_is_audited_as_the_commands_doing() -> None:
    create("--scopes", "read")
    assert AuditEvent.objects.get(verb="api_key.issued").actor == "manage.py api_key"


@pytest.mark.parametrize("scopes", [["read", "read"], ["read,read"], ["read,"]])
def test_create_takes_scopes_with_spaces_or_commas(scopes: list[str]) -> None:
    assert create("--scopes", *scopes).code == 0
    assert ApiKey.objects.get().scopes == ["read"]


@pytest.mark.parametrize("days", [1, 3650])
def test_create_with_a_number_of_days_ends_the_key_then(days: int) -> None:
    with time_machine.travel(NOW, tick=False):
        create("--scopes", "read", "--expires-in-days", str(days))
    assert ApiKey.objects.get().expires_at == NOW + timedelta(days=days)


@pytest.mark.parametrize("days", ["0", "-1", "3651", "999999999999"])
def test_create_with_a_number_of_days_out_of_reach_refuses(days: str) -> None:
    said = create("--scopes", "read", f"--expires-in-days={days}")
    assert (said.code, said.output) == (2, "")
    assert said.error == f"--expires-in-days is {days}: write a number of days from 1 to 3650.\n"
    assert not ApiKey.objects.exists()


def test_create_for_an_unknown_workspace_refuses_naming_those_there_are() -> None:
    WorkspaceFactory.create(slug="east")
    said = create("--scopes", "read", workspace="west")
    assert (said.code, said.output) == (2, "")
    assert said.error == "There is no workspace 'west': there are east, north.\n"


def test_create_with_an_unknown_scope_refuses_naming_it() -> None:
    said = create("--scopes", "read,write")
    assert (said.code, said.output) == (2, "")
    assert said.error == (
        "The scope 'write' does not exist: "
        "the scopes are 'read', 'runs:start', 'approvals:decide', 'alerts:acknowledge'.\n"
    )


def test_create_without_a_name_refuses() -> None:
    said = create("--scopes", "read", name=" ")
    assert (said.code, said.output) == (2, "")
    assert said.error.startswith("The name ' ' does not do for an API key: ")


def test_list_shows_each_key_and_no_secret() -> None:
    brand = BrandFactory.create(workspace__slug="south", name="Sunny")
    with time_machine.travel(NOW, tick=False):
        used = make_key(brand.workspace, brand=brand, expires_at=NOW + timedelta(days=2))
        find_key(used.secret_text)
        said = api_key("list")
    assert said.output == (
        f"{used.key.prefix:<12}  active    south/Sunny  Reporting  read  "
        "expires 2025-07-02  last used 2025-06-30\n"
    )


def test_list_says_which_keys_are_over() -> None:
    workspace = WorkspaceFactory.create(slug="south")
    active, expired, revoked = make_key(workspace), expired_key(workspace), revoked_key(workspace)
    said = api_key("list")
    shown = {line.split()[0]: line.split()[1] for line in said.output.splitlines()}
    assert shown == {
        active.key.prefix: "active",
        expired.key.prefix: "expired",
        revoked.key.prefix: "revoked",
    }
    assert re.search(r"south  Reporting  read  expires never  last used never$", said.output, re.MULTILINE)
    for issued in (active, expired, revoked):
        assert issued.secret_text.split("_", 2)[2] not in said.output
        assert issued.key.secret_digest not in said.output


def test_list_without_keys_is_empty() -> None:
    assert api_key("list") == Said("", "", 0)


@pytest.mark.parametrize("write", ["{prefix}", "tto_{prefix}", "{text}"])
def test_revoke_by_prefix_or_by_the_whole_key_ends_it(write: str) -> None:
    issued = make_key(WorkspaceFactory.create())
    said = api_key("revoke", write.format(prefix=issued.key.prefix, text=issued.secret_text))
    assert said == Said(f"Revoked {issued.key.prefix} (Reporting): its next request is refused.\n", "", 0)
    assert find_key(issued.secret_text) is None
    assert AuditEvent.objects.get(verb="api_key.revoked").actor == "manage.py api_key"


@pytest.mark.parametrize("given", ["unknown", "tto_unknown_" + "s" * 43, "s" * 43, "", "%"])
def test_revoke_an_unknown_key_refuses_without_repeating_what_may_be_a_secret(given: str) -> None:
    make_key(WorkspaceFactory.create())
    said = api_key("revoke", given)
    assert said == Said("", "There is no API key with this prefix: `manage.py api_key list` shows them.\n", 2)


def test_revoke_twice_refuses() -> None:
    issued = revoked_key(WorkspaceFactory.create())
    said = api_key("revoke", issued.key.prefix)
    assert (said.code, said.output) == (2, "")
    assert "was revoked before" in said.error


# --- for a person


def test_create_for_a_person_makes_a_key_that_decides_for_them() -> None:
    ana = person(Workspace.objects.get(slug="north"), Role.APPROVER, username="ana")
    said = create("--scopes", "read,approvals:decide", "--for", "ana")
    found = find_key(said.output.removesuffix("\n"))
    assert found is not None
    assert (found.acts_for, found.created_by) == (ana, None)
    event = AuditEvent.objects.get(verb="api_key.issued")
    assert (event.actor, event.data["acts_for"]) == ("manage.py api_key", "ana")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--scopes", "approvals:decide"], "The scope 'approvals:decide' needs a person: "),
        (["--scopes", "approvals:decide", "--for", "ben"], "There is no person 'ben': name the one "),
        (["--scopes", "approvals:decide", "--for", "olga"], "'olga' may not decide in the workspace 'north'"),
        (["--scopes", "read", "--for", "olga"], "A key acts for 'olga' only to decide: "),
    ],
)
def test_create_for_whom_it_cannot_act_refuses(arguments: list[str], sentence: str) -> None:
    person(Workspace.objects.get(slug="north"), Role.OPERATOR, username="olga")
    said = create(*arguments)
    assert (said.code, said.output) == (2, "")
    assert said.error.startswith(sentence)
    assert not ApiKey.objects.exists()


def test_list_says_for_whom_a_key_acts() -> None:
    workspace = Workspace.objects.get(slug="north")
    make_key(
        workspace, scopes=["approvals:decide"], acts_for=person(workspace, Role.APPROVER, username="ana")
    )
    assert "  Reporting  approvals:decide  acts for ana  expires never  " in api_key("list").output

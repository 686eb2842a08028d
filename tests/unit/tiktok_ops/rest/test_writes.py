"""Every write of the API against what all of them share; one without expectations fails."""

import pytest

from tests.factories.accounts import AccountFactory, UserFactory, WorkspaceFactory, person
from tests.unit.tiktok_ops.rest.callers import make_key, signed_in, using
from tests.unit.tiktok_ops.rest.rooms import ROUTES, WRITES
from tests.unit.tiktok_ops.rest.writes import HOW, NAME
from tiktok_ops.accounts.models import IdempotencyKey, TikTokAccount
from tiktok_ops.accounts.roles import Role
from tiktok_ops.rest.scopes import Scope

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> TikTokAccount:
    """Return an account in the sandbox."""
    return AccountFactory.create()


def test_enumerate_writes_of_the_api_finds_expectations_for_each() -> None:
    assert set(HOW) == set(WRITES)


@pytest.mark.parametrize("name", HOW)
def test_write_with_a_key_that_may_happens_once_and_is_on_record(name: str, account: TikTokAccount) -> None:
    how = HOW[name]
    ask = how.ask(account)
    answer = ask.by(using(how.key(account.workspace)))
    assert answer.status_code == how.status
    assert {"id", "sandbox"} <= answer.json().keys()
    assert how.written() == 1


@pytest.mark.parametrize("name", HOW)
def test_write_as_a_person_with_the_role_happens(name: str, account: TikTokAccount) -> None:
    how = HOW[name]
    answer = how.ask(account).by(signed_in(person(account.workspace, how.role)))
    assert (answer.status_code, how.written()) == (how.status, 1)


@pytest.mark.parametrize("name", HOW)
def test_write_as_a_person_who_only_looks_is_403_with_a_sentence(name: str, account: TikTokAccount) -> None:
    how = HOW[name]
    answer = how.ask(account).by(signed_in(person(account.workspace, Role.VIEWER)))
    assert (answer.status_code, how.written()) == (403, 0)
    assert answer.json()["detail"].startswith("You")


@pytest.mark.parametrize("name", HOW)
def test_write_with_a_key_of_every_other_scope_is_403_naming_it(name: str, account: TikTokAccount) -> None:
    how = HOW[name]
    scope = ROUTES[name].writes
    assert scope
    others = set(Scope) - {scope}
    ana = person(account.workspace, Role.APPROVER) if Scope.APPROVALS_DECIDE in others else None
    answer = how.ask(account).by(using(make_key(account.workspace, scopes=others, acts_for=ana)))
    assert (answer.status_code, how.written()) == (403, 0)
    assert repr(scope.value) in answer.json()["detail"]


@pytest.mark.parametrize("name", HOW)
def test_write_what_belongs_to_another_workspace_is_404(name: str, account: TikTokAccount) -> None:
    how = HOW[name]
    elsewhere = WorkspaceFactory.create()
    clients = (
        using(how.key(elsewhere)),
        signed_in(person(elsewhere, how.role)),
        signed_in(UserFactory.create()),
    )
    for client in clients:
        answer = how.ask(account).by(client)
        assert (answer.status_code, how.written()) == (404, 0)
    assert not IdempotencyKey.objects.exists()


BODIES: list[object] = [{}, {"colour": "red"}, [], '"x"']


@pytest.mark.parametrize(
    ("name", "body"),
    [(name, body) for name, how in HOW.items() for body in BODIES if body != {} or not how.takes_nothing],
)
def test_write_with_a_body_that_does_not_do_is_422_and_leaves_nothing(
    name: str, body: object, account: TikTokAccount
) -> None:
    how = HOW[name]
    answer = how.ask(account).by(using(how.key(account.workspace)), body)
    assert (answer.status_code, how.written()) == (422, 0)
    assert answer.json()["errors"]
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("name", HOW)
def test_write_with_a_field_there_is_not_is_422_naming_it(name: str, account: TikTokAccount) -> None:
    how = HOW[name]
    ask = how.ask(account)
    answer = ask.by(using(how.key(account.workspace)), {**ask.body, "colour": "red"})
    assert (answer.status_code, how.written()) == (422, 0)
    assert answer.json()["detail"].startswith("There is no field 'colour'; a")


@pytest.mark.parametrize("name", HOW)
def test_write_again_under_the_same_key_is_the_same_answer_and_happened_once(
    name: str, account: TikTokAccount
) -> None:
    how = HOW[name]
    ask, client = how.ask(account), using(how.key(account.workspace))
    first, second = ask.by(client), ask.by(client, dict(reversed(ask.body.items())))
    assert (second.status_code, second.content) == (how.status, first.content)
    assert (first.get("Idempotency-Replayed"), second.get("Idempotency-Replayed")) == (None, "true")
    assert how.written() == 1


@pytest.mark.parametrize("name", HOW)
def test_write_something_else_under_the_same_key_is_422(name: str, account: TikTokAccount) -> None:
    how = HOW[name]
    ask, client = how.ask(account), using(how.key(account.workspace))
    ask.by(client)
    answer = ask.by(client, ask.other)
    assert (answer.status_code, how.written()) == (422, 1)
    assert answer.json()["detail"].startswith(f"The Idempotency-Key {NAME!r} was used before")


@pytest.mark.parametrize("name", HOW)
def test_write_without_a_key_of_idempotency_is_400(name: str, account: TikTokAccount) -> None:
    how = HOW[name]
    answer = how.ask(account).by(using(how.key(account.workspace)), key=None)
    assert (answer.status_code, how.written()) == (400, 0)


@pytest.mark.parametrize("name", HOW)
def test_write_with_a_parameter_there_is_not_is_422(name: str, account: TikTokAccount) -> None:
    how = HOW[name]
    ask = how.ask(account)
    answer = using(how.key(account.workspace)).post(
        f"{ask.address}?colour=red", headers={"idempotency-key": NAME}
    )
    assert (answer.status_code, how.written()) == (422, 0)

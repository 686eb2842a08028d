"""The doctor's findings, one by one; the command itself is tested with real processes."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection

from agents.models import ModelPrice
from tests.factories.agents import scripted
from workflows import doctor
from workflows.doctor import Finding, examine
from workflows.model_health import look_at_models
from workflows.presence import Present

pytestmark = pytest.mark.django_db


def finding(name: str) -> Finding:
    """Return one finding of an examination."""
    return next(found for found in examine() if found.name == name)


def test_examine_with_no_process_up_finds_worker_and_keeper_missing() -> None:
    found = {item.name: item.is_well for item in examine()}

    assert found == {
        "database": True, "migrations": True, "SQL": True, "worker": False, "keeper": False, "keys": True,
        "models": True,
    }  # fmt: skip


def test_examine_with_processes_up_counts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "present", lambda: Present(workers=2, keepers=1))

    assert (finding("worker").sentence, finding("keeper").sentence) == ("2 up", "one leads")


def test_examine_without_a_database_looks_at_the_keys_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OperationalError("no route to host\nmore")

    monkeypatch.setattr(connection, "ensure_connection", fail)

    assert [(item.name, item.is_well) for item in examine()] == [("database", False), ("keys", True)]
    assert examine()[0].sentence == "no route to host"


def test_examine_of_an_old_server_asks_for_a_newer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "OLDEST_POSTGRESQL", 99)

    assert not finding("database").is_well
    assert finding("database").sentence.endswith("is too old: use 99 or newer.")


def test_examine_with_a_migration_missing_names_the_remedy() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations WHERE app = 'workflows')"
        )

    assert finding("migrations").sentence == "1 to apply: run `make setup`."


def test_examine_with_a_changed_function_names_it() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION workflow_renew(p_step uuid, p_claim integer, p_lease_seconds double precision) "
            "RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$"
        )

    assert finding("SQL").sentence.startswith("workflow_renew differ")


def test_examine_with_a_wrong_provider_says_what_is_wrong(settings: Any) -> None:
    settings.PROVIDERS = {"claude": {"BACKEND": "nowhere", "MODE": "sandbox"}}

    assert not finding("keys").is_well
    assert "BACKEND" in finding("keys").sentence


def test_examine_keys_names_the_newest_of_each_kind_and_no_secret(settings: Any) -> None:
    settings.APPROVAL_KEYS = (("a2", "geheim" * 6), ("a1", "geheim" * 7))
    settings.VAULT_KEYS = (("v3", "geheim" * 8), ("v2", "geheim" * 9))

    assert finding("keys").is_well
    assert finding("keys").sentence.endswith(
        "sandbox; decisions are sealed with 'a2', secrets encrypted with 'v3'"
    )
    assert "geheim" not in finding("keys").sentence


def test_doctor_prints_a_line_each_and_fails_when_one_is_amiss(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("doctor")
    lines = capsys.readouterr().out.splitlines()
    monkeypatch.setattr(doctor, "present", lambda: Present(workers=1, keepers=1))
    call_command("doctor")

    assert ended.value.code == 1
    assert len(lines) == 7
    assert lines[0].startswith("ok    database    PostgreSQL ")
    assert lines[3].startswith("MISS  worker ")
    assert "MISS" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (
            "claude-brand-new",
            "MODEL_SMART is 'claude-brand-new', which has no price, so that every call of it is refused",
        ),
        ("claude-opus-4-0", "MODEL_SMART is 'claude-opus-4-0', which has no price"),
    ],
)
def test_examine_with_a_model_that_cannot_be_used_says_what_to_do(
    settings: Any, model: str, sentence: str
) -> None:
    settings.MODELS = {"fast": "claude-haiku-5-5", "smart": model}

    assert not finding("models").is_well
    assert finding("models").sentence.startswith(sentence)


@pytest.mark.parametrize(
    ("model", "is_well", "sentence"),
    [
        ("claude-opus-4-0", False, "MODEL_SMART is 'claude-opus-4-0', which is retired: set another model."),
        (
            "claude-sonnet-4-5",
            True,
            "fast claude-haiku-5-5, smart claude-sonnet-4-5; claude-sonnet-4-5 retires on",
        ),
        ("gpt", False, "MODEL_SMART 'gpt' could not be looked up: Claude does not know the model"),
    ],
)
def test_examine_with_a_model_on_its_way_out_says_when(
    settings: Any, model: str, is_well: bool, sentence: str
) -> None:
    settings.MODELS = {"fast": "claude-haiku-5-5", "smart": model}
    usual = ModelPrice.objects.get(model="claude-haiku-4-5")
    usual.pk, usual.model = uuid4(), model
    usual.save(force_insert=True)

    assert finding("models").is_well is is_well
    assert finding("models").sentence.startswith(sentence)


def test_examine_models_of_a_provider_that_keeps_no_register_looks_at_prices_only(settings: Any) -> None:
    settings.PROVIDERS = {**settings.PROVIDERS, **scripted([{}])}

    assert finding("models") == Finding("models", True, "fast claude-haiku-5-5, smart claude-sonnet-5-5")


def test_examine_models_before_the_migrations_names_the_remedy() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE agents_modelprice RENAME TO agents_gone")

    assert look_at_models() == (False, "The models' prices cannot be read: run `make setup`.")

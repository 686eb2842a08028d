import json
import stat
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tiktok_ops import env
from tiktok_ops.env import (
    Environment,
    WrongEnvironment,
    database_settings,
    keyring,
    load_environment,
    secret_key,
)

LONG_KEY = "k" * 50
PASSWORD = "p@ss/w:rd%#?&"


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of ours is set."""
    for name in Environment.model_fields:
        monkeypatch.delenv(name, raising=False)


def loaded(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Environment:
    """Return what the environment with these variables gives."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load_environment()


def refusal(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    """Return the sentence this environment is refused with."""
    with pytest.raises(WrongEnvironment) as refused:
        loaded(monkeypatch, **variables)
    return str(refused.value)


def test_load_empty_environment_gives_what_development_needs() -> None:
    environment = load_environment()
    assert not environment.is_production
    assert (environment.CLAUDE_MODE, environment.DATABASE_URL, environment.WORKERS) == ("sandbox", "", 2)
    assert (environment.LEASE_SECONDS, environment.STALL_SECONDS, environment.WORKER_MEMORY_MB) == (
        60,
        45,
        1024,
    )
    assert (environment.STREAM_HEARTBEAT_SECONDS, environment.STREAM_CHECK_SECONDS) == (15, 5)


def test_load_environment_reads_every_variable_as_its_type(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = loaded(
        monkeypatch,
        WORKERS="4",
        LEASE_SECONDS="1.5",
        KEEPER_SECONDS="0.05",
        LOG_LEVEL="DEBUG",
        MODEL_FAST="claude-haiku-4-5",
        SOMETHING_ELSE="1",
    )
    assert (environment.WORKERS, environment.LEASE_SECONDS, environment.KEEPER_SECONDS) == (4, 1.5, 0.05)
    assert (environment.LOG_LEVEL, environment.MODEL_FAST) == ("DEBUG", "claude-haiku-4-5")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("TIKTOK_OPS_STAGE", "prod", "Input should be 'development' or 'production'"),
        ("CLAUDE_MODE", "Live", "Input should be 'sandbox' or 'live'"),
        ("TIKTOK_MODE", "real", "Input should be 'sandbox' or 'live'"),
        ("LONG_WORKERS", "-1", "Input should be greater than or equal to 0"),
        ("QUEUE_BROKER", "rabbit", "Input should be 'database' or 'redis'"),
        ("WORKERS", "0", "Input should be greater than or equal to 1"),
        ("WORKERS", "65", "Input should be less than or equal to 64"),
        ("WORKERS", "many", "Input should be a valid integer"),
        ("WORKERS", "", "Input should be a valid integer"),
        ("LEASE_SECONDS", "0.1", "Input should be greater than or equal to 0.2"),
        ("LEASE_SECONDS", "4000", "Input should be less than or equal to 3600"),
        ("KEEPER_SECONDS", "0", "Input should be greater than or equal to 0.05"),
        ("KEEPER_SECONDS", "61", "Input should be less than or equal to 60"),
        ("STREAM_HEARTBEAT_SECONDS", "61", "Input should be less than or equal to 60"),
        ("STREAM_CHECK_SECONDS", "0", "Input should be greater than or equal to 0.05"),
        ("WEBHOOK_KEEP_DAYS", "3", "Input should be greater than or equal to 4"),
        ("WEBHOOK_KEEP_DAYS", "3651", "Input should be less than or equal to 3650"),
        ("WEBHOOK_KEEP_DAYS", "90.5", "Input should be a valid integer"),
        ("STALL_SECONDS", "0", "Input should be greater than or equal to 1"),
        ("STALL_SECONDS", "soon", "Input should be a valid number"),
        ("LOG_LEVEL", "LOUD", "Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
    ],
)
def test_load_wrong_value_is_refused_naming_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    sentence = refusal(monkeypatch, **{name: value})
    assert sentence.startswith(f"The environment variable {name} is {value!r}, which does not do: {reason}")
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize(
    "url", ["mysql://ana:geheim@db/x", "host=db password=geheim", "sqlite:///db.sqlite3"]
)
def test_load_database_that_is_not_postgresql_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    assert refusal(monkeypatch, DATABASE_URL=url) == (
        "The environment variable DATABASE_URL does not do: "
        "write it as postgresql://user:password@host:5432/name."
    )


PRODUCTION = {
    "TIKTOK_OPS_STAGE": "production",
    "SECRET_KEY": LONG_KEY,
    "APPROVAL_KEYS": f"k1:{'s' * 32}",
    "VAULT_KEYS": f"v1:{'t' * 32}",
}
each_keyring = pytest.mark.parametrize("name", ["APPROVAL_KEYS", "VAULT_KEYS"])


@pytest.mark.parametrize(
    ("name", "purpose"), [("APPROVAL_KEYS", "seals decisions"), ("VAULT_KEYS", "encrypts secrets")]
)
def test_load_production_without_keys_is_refused_naming_what_they_are_for(
    monkeypatch: pytest.MonkeyPatch, name: str, purpose: str
) -> None:
    assert refusal(monkeypatch, **{**PRODUCTION, name: ""}) == (
        f"The environment variable {name} is empty: production {purpose} with keys of its own; "
        "write them as id:secret, newest first, separated by commas."
    )


@each_keyring
def test_read_keys_gives_the_newest_first(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    given = f"k2:{'n' * 32}, {'k' * 16}:with:colons{'o' * 40}"
    assert keyring(loaded(monkeypatch, **{name: given}), name) == (
        ("k2", "n" * 32),
        ("k" * 16, f"with:colons{'o' * 40}"),
    )


@each_keyring
@pytest.mark.parametrize(
    "given",
    [
        "secret" * 10,
        f":{'s' * 32}",
        f" :{'s' * 32}",
        f"k1:{'s' * 31}",
        f"{'k' * 17}:{'s' * 32}",
        "k1",
        f"k2:{'s' * 32},",
        f"k2:{'s' * 32},k1:short",
        f"k1:{'s' * 32}ß",
        f"ß:{'s' * 32}",
        f"k1:{'s' * 32}\udcff",
    ],
)
def test_read_keys_that_do_not_do_is_refused_without_quoting_them(
    monkeypatch: pytest.MonkeyPatch, name: str, given: str
) -> None:
    with pytest.raises(
        WrongEnvironment, match=f"variable {name} has a key without .* write it as id:secret"
    ) as refused:
        keyring(loaded(monkeypatch, **{name: given}), name)
    assert given not in str(refused.value)
    assert "sss" not in str(refused.value)


@each_keyring
def test_read_keys_of_which_two_have_one_id_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    environment = loaded(monkeypatch, **{name: f"k1:{'n' * 32},k2:{'m' * 32}, k1 :{'o' * 32}"})
    with pytest.raises(WrongEnvironment) as refused:
        keyring(environment, name)
    assert (
        str(refused.value)
        == f"The environment variable {name} has an id twice: give each key one of its own."
    )


@pytest.mark.parametrize(("name", "kept"), [("APPROVAL_KEYS", "approval_key"), ("VAULT_KEYS", "vault_key")])
def test_read_keys_in_development_makes_one_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, kept: str
) -> None:
    monkeypatch.setattr(env, "VAR_DIR", tmp_path / "var")
    [(key_id, made)] = keyring(load_environment(), name)
    assert (key_id, len(made) >= 32) == ("dev", True)
    assert keyring(load_environment(), name) == (("dev", made),)
    assert [file.name for file in (tmp_path / "var").iterdir()] == [kept]
    assert stat.S_IMODE((tmp_path / "var" / kept).stat().st_mode) == 0o600


def test_read_keys_in_development_makes_another_for_each_purpose(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(env, "VAR_DIR", tmp_path)
    environment = load_environment()
    made = {keyring(environment, name)[0][1] for name in ("APPROVAL_KEYS", "VAULT_KEYS")}
    assert len(made | {secret_key(environment)}) == 3


@pytest.mark.parametrize("key", ["", "k" * 49])
def test_load_production_without_a_secret_key_is_refused(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    sentence = refusal(monkeypatch, TIKTOK_OPS_STAGE="production", SECRET_KEY=key)
    assert sentence.startswith(
        "The environment variable SECRET_KEY must hold at least 50 characters in production: make one with"
    )


def test_load_production_with_a_secret_key_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = loaded(monkeypatch, **PRODUCTION)
    assert environment.is_production
    assert secret_key(environment) == LONG_KEY


@pytest.mark.parametrize(
    ("name", "faults"),
    [
        ("CLAUDE_FAULTS", {"rate_limited": 2}),
        ("TIKTOK_FAULTS", {"init": {"reset_after": [1]}}),
        ("STUDIO_FAULTS", {"make_seconds": 5}),
    ],
)
def test_load_production_with_made_faults_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, faults: dict[str, Any]
) -> None:
    faulty = {**PRODUCTION, name: json.dumps(faults)}
    assert getattr(loaded(monkeypatch, **{**faulty, "TIKTOK_OPS_STAGE": "development"}), name) == faults
    assert refusal(monkeypatch, **faulty) == (
        f"The environment variable {name} is for tests: unset it in production."
    )


@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("CLAUDE_FAULTS", '{"rate_limited": 2}'),
        ("TIKTOK_FAULTS", '{"init": {"reset_after": [1]}}'),
    ],
)
def test_load_faults_that_are_not_json_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, example: str
) -> None:
    assert refusal(monkeypatch, **{name: "rate_limited=2"}) == (
        f"The environment variable {name} cannot be read: write it as JSON, for example '{example}'."
    )
    json.loads(example)


def test_load_live_mode_without_a_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(monkeypatch, CLAUDE_MODE="live") == (
        "The environment variable ANTHROPIC_API_KEY is empty but CLAUDE_MODE is 'live': "
        "set the key, or set CLAUDE_MODE=sandbox."
    )


def test_load_live_mode_with_a_key_keeps_the_key_out_of_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = loaded(
        monkeypatch,
        CLAUDE_MODE="live",
        ANTHROPIC_API_KEY="sk-geheim",
        SECRET_KEY=LONG_KEY,
        APPROVAL_KEYS="a1:geheim",
        VAULT_KEYS="v1:geheim",
    )
    assert environment.ANTHROPIC_API_KEY.get_secret_value() == "sk-geheim"
    assert "geheim" not in repr(environment)
    assert LONG_KEY not in repr(environment)


def test_make_secret_key_in_development_keeps_one_for_all_processes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(env, "VAR_DIR", tmp_path / "var")
    made = secret_key(load_environment())
    assert len(made) >= 50
    assert secret_key(load_environment()) == made
    kept = tmp_path / "var/secret_key"
    assert [file.name for file in kept.parent.iterdir()] == ["secret_key"]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_make_secret_key_while_another_process_does_takes_the_first(tmp_path: Path) -> None:
    file = tmp_path / "secret_key"
    env._write_once(file, "first")
    env._write_once(file, "second")
    assert file.read_text() == "first"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://ana:geheim@db.example:6432/ops",
            {"NAME": "ops", "USER": "ana", "PASSWORD": "geheim", "HOST": "db.example", "PORT": "6432"},
        ),
        ("postgres://db/ops", {"NAME": "ops", "USER": "", "PASSWORD": "", "HOST": "db", "PORT": ""}),
        (
            "postgresql://ana@%2Fvar%2Frun%2Fpg:5433/ops",
            {"HOST": "/var/run/pg", "PORT": "5433", "USER": "ana"},
        ),
        ("postgresql:///ops?host=/var/run/pg", {"NAME": "ops", "HOST": "/var/run/pg"}),
        ("postgresql://ana:p%40ss%2Fw%3Ard%25%23%3F%26@db/ops", {"PASSWORD": PASSWORD, "HOST": "db"}),
        ("postgresql://[::1]:5432/ops", {"HOST": "::1", "PORT": "5432"}),
        ("postgresql://one:1,two:2/ops", {"HOST": "one,two", "PORT": "1,2"}),
        (
            "postgresql://db/ops?sslmode=require&connect_timeout=5",
            {"OPTIONS": {"sslmode": "require", "connect_timeout": "5"}},
        ),
        ("postgresql://db/my%20base", {"NAME": "my base", "OPTIONS": {}}),
    ],
)
def test_read_database_url_in_any_form_gives_its_settings(url: str, expected: dict[str, Any]) -> None:
    found = database_settings(url)
    assert {name: found[name] for name in expected} == expected
    assert found["ENGINE"] == "django.db.backends.postgresql"


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_read_database_url_with_any_password_gives_it_back(password: str) -> None:
    found = database_settings(f"postgresql://ana:{quote(password, safe='')}@db/ops")
    assert found["PASSWORD"] == password
    told = make_conninfo(dbname=found["NAME"], user=found["USER"], password=found["PASSWORD"])
    assert conninfo_to_dict(told)["password"] == password


@pytest.mark.parametrize(
    "url", ["postgresql://ana:100%zz@db/ops", "postgresql://db/ops?geheim=1", "postgresql://[::1/x"]
)
def test_read_database_url_libpq_cannot_read_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(WrongEnvironment) as refused:
        database_settings(url)
    assert str(refused.value) == (
        "The environment variable DATABASE_URL cannot be read: write it as "
        "postgresql://user:password@host:5432/name, with special characters percent-encoded."
    )
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("url", ["postgresql://db", "postgresql://db/", "postgresql://"])
def test_read_database_url_without_a_name_is_refused(url: str) -> None:
    with pytest.raises(WrongEnvironment, match="DATABASE_URL names no database: end it with /name"):
        database_settings(url)

"""Every environment variable the project reads, in one typed model.

A wrong or missing value stops the start with one sentence that names the variable and the remedy.
"""

import os
import re
import secrets
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Literal

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from tiktok_ops.errors import Refused

BASE_DIR = Path(__file__).resolve().parent.parent
# What the project writes; tests give themselves another place.
VAR_DIR = Path(os.environ.get("TIKTOK_OPS_VAR") or BASE_DIR / "var")


_EXAMPLES = {
    "CLAUDE_FAULTS": '{"rate_limited": 2}',
    "TIKTOK_FAULTS": '{"init": {"reset_after": [1]}}',
    "STUDIO_FAULTS": '{"make_seconds": 5}',
}
"""The variables that make a sandbox fail, with an example of each."""

_KEYRINGS = {"APPROVAL_KEYS": "seals decisions", "VAULT_KEYS": "encrypts secrets"}
"""The variables that hold keys, with what production does with them."""

_LIVE_NEEDS = (
    ("CLAUDE_MODE", "ANTHROPIC_API_KEY", "the key"),
    ("STUDIO_MODE", "STUDIO_API_KEY", "the key"),
    ("STUDIO_MODE", "STUDIO_BASE_URL", "the address"),
)
"""Which variable says that a provider is live, and what it cannot be without."""

SHORTEST_WEBHOOK_SECRET = 16


class WrongEnvironment(Refused):
    """An environment variable has a value the project cannot start with."""


class Stage(StrEnum):
    """Where this runs; only `production` demands every secret."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Environment(BaseSettings):
    """The environment variables, with their defaults for development."""

    model_config = SettingsConfigDict(extra="ignore", case_sensitive=True)

    TIKTOK_OPS_STAGE: Stage = Stage.DEVELOPMENT
    SECRET_KEY: SecretStr = SecretStr("")
    APPROVAL_KEYS: SecretStr = SecretStr("")
    VAULT_KEYS: SecretStr = SecretStr("")
    DATABASE_URL: str = ""
    ALLOWED_HOSTS: str = "localhost,127.0.0.1,[::1]"
    CLAUDE_MODE: Literal["sandbox", "live"] = "sandbox"
    ANTHROPIC_API_KEY: SecretStr = SecretStr("")
    ANTHROPIC_BASE_URL: str = ""
    CLAUDE_FAULTS: dict[str, Any] = {}
    TIKTOK_MODE: Literal["sandbox", "live"] = "sandbox"
    TIKTOK_BASE_URL: str = ""
    TIKTOK_FAULTS: dict[str, Any] = {}
    TIKTOK_CLIENT_KEY: str = ""
    TIKTOK_CLIENT_SECRET: SecretStr = SecretStr("")
    TIKTOK_SHOP_APP_KEY: str = ""
    TIKTOK_SHOP_APP_SECRET: SecretStr = SecretStr("")
    TIKTOK_WEBHOOK_SECRETS: SecretStr = SecretStr("")
    STUDIO_MODE: Literal["sandbox", "live"] = "sandbox"
    STUDIO_API_KEY: SecretStr = SecretStr("")
    STUDIO_BASE_URL: str = ""
    STUDIO_FAULTS: dict[str, Any] = {}
    STUDIO_WEBHOOK_SECRETS: SecretStr = SecretStr("")
    WEBHOOK_KEEP_DAYS: int = Field(90, ge=4, le=3650)  # TikTok repeats a message for three
    PUBLIC_URL: str = ""
    TIKTOK_CHUNK_BYTES: int = Field(10_000_000, ge=5_242_880, le=64_000_000)
    CRASH_AT: str = ""
    MODEL_FAST: str = "claude-haiku-5-5"
    MODEL_SMART: str = "claude-sonnet-5-5"
    QUEUE_BROKER: Literal["database", "redis"] = "database"
    REDIS_URL: SecretStr = SecretStr("")
    WORKERS: int = Field(2, ge=1, le=64)
    LONG_WORKERS: int = Field(1, ge=0, le=64)
    WORKER_MEMORY_MB: int = Field(1024, ge=128, le=65536)
    LEASE_SECONDS: float = Field(60, ge=0.2, le=3600)
    KEEPER_SECONDS: float = Field(1, ge=0.05, le=60)
    STALL_SECONDS: float = Field(45, ge=1, le=3600)
    STREAM_HEARTBEAT_SECONDS: float = Field(15, ge=0.05, le=60)
    STREAM_CHECK_SECONDS: float = Field(5, ge=0.05, le=60)
    LOG_LEVEL: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("DATABASE_URL")
    @classmethod
    def _is_postgresql(cls, value: str) -> str:
        if value and not value.startswith(("postgres://", "postgresql://")):
            raise ValueError("write it as postgresql://user:password@host:5432/name")
        return value

    @field_validator("PUBLIC_URL")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s/@?#]+", value):
            raise ValueError("write it as https://ops.example.com, without a path or a slash at its end")
        return value

    @field_validator("CRASH_AT")
    @classmethod
    def _is_points(cls, value: str) -> str:
        for part in value.replace(" ", "").split(","):
            _, colon, number = part.partition(":")
            if colon and (not number.isdecimal() or int(number) < 1):
                raise ValueError("write it as point or point:n, n from 1, separated by commas")
        return value

    @property
    def crash_at(self) -> dict[str, int]:
        """The crash points in `CRASH_AT`, each with the pass at which a process dies there."""
        parts = (part.partition(":") for part in self.CRASH_AT.replace(" ", "").split(",") if part)
        return {name: int(number or 1) for name, _, number in parts}

    @property
    def is_production(self) -> bool:
        """Whether this is the production stage."""
        return self.TIKTOK_OPS_STAGE is Stage.PRODUCTION


def load_environment() -> Environment:
    """Read and check the environment.

    Raises `WrongEnvironment` with one sentence naming the variable, its value and the remedy.
    """
    try:
        environment = Environment()
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        # A database's address carries its password.
        value = "" if name == "DATABASE_URL" else f" is {first['input']!r}, which"
        reason = first["msg"].removeprefix("Value error, ")
        raise WrongEnvironment(f"The environment variable {name}{value} does not do: {reason}.") from None
    except SettingsError as error:
        # Only the faults are JSON; what pydantic says names the variable in quotes.
        name = next(name for name in _EXAMPLES if f'"{name}"' in str(error))
        raise WrongEnvironment(
            f"The environment variable {name} cannot be read: write it as JSON, "
            f"for example '{_EXAMPLES[name]}'."
        ) from None
    _check_secrets(environment)
    return environment


def _check_secrets(environment: Environment) -> None:
    """Refuse a start that lacks a secret it needs."""
    if environment.is_production and len(environment.SECRET_KEY.get_secret_value()) < 50:
        raise WrongEnvironment(
            "The environment variable SECRET_KEY must hold at least 50 characters in production: "
            "make one with `python -c 'import secrets; print(secrets.token_urlsafe(64))'`."
        )
    for name, purpose in _KEYRINGS.items():
        if environment.is_production and not getattr(environment, name).get_secret_value():
            raise WrongEnvironment(
                f"The environment variable {name} is empty: production {purpose} with keys of its own; "
                "write them as id:secret, newest first, separated by commas."
            )
    for name in (*_EXAMPLES, "CRASH_AT"):
        if environment.is_production and getattr(environment, name):
            raise WrongEnvironment(f"The environment variable {name} is for tests: unset it in production.")
    for mode, name, what in _LIVE_NEEDS:
        # An empty secret is as false as an empty text.
        if getattr(environment, mode) == "live" and not getattr(environment, name):
            raise WrongEnvironment(
                f"The environment variable {name} is empty but {mode} is 'live': "
                f"set {what}, or set {mode}=sandbox."
            )


def secret_key(environment: Environment) -> str:
    """Return Django's secret key: the given one, or in development one kept under `var/`."""
    return environment.SECRET_KEY.get_secret_value() or _kept("secret_key", 64)


def keyring(environment: Environment, name: str) -> tuple[tuple[str, str], ...]:
    """Return the keys in the variable `name`, newest first, as (id, secret).

    Given as `id:secret,id:secret`; in development one is kept under `var/`. Raises `WrongEnvironment`
    for a key without an id, shorter than 32 characters or not in ASCII, and for an id that two keys have.
    """
    given: str = getattr(environment, name).get_secret_value()
    if not given:
        return (("dev", _kept(name.removesuffix("S").lower(), 48)),)
    keys = tuple(
        (key_id.strip(), secret) for key_id, _, secret in (part.partition(":") for part in given.split(","))
    )
    for key_id, secret in keys:
        # Other bytes would read differently by another host's locale.
        if not key_id or len(key_id) > 16 or len(secret) < 32 or not given.isascii():
            raise WrongEnvironment(
                f"The environment variable {name} has a key without an id of 1 to 16 characters, with fewer than "
                "32 characters of secret, or not in ASCII: "
                "write it as id:secret, newest first, separated by commas."
            )
    if len(dict(keys)) < len(keys):  # what the newest seals, the other would be taken to open
        raise WrongEnvironment(
            f"The environment variable {name} has an id twice: give each key one of its own."
        )
    return keys


def webhook_secrets(environment: Environment, name: str) -> tuple[str, ...]:
    """Return the secrets in the variable `name` that a provider may sign what it tells us with; none if empty.

    Several, separated by commas, while one is being changed. Raises `WrongEnvironment` for one that is
    shorter than 16 characters, has a space, or is not in ASCII. The sandbox studio signs with one that is
    kept under `var/` unless one is given; not in production.
    """
    given: str = getattr(environment, name).get_secret_value()
    if not given:
        is_played = name == "STUDIO_WEBHOOK_SECRETS" and environment.STUDIO_MODE == "sandbox"
        return (_kept("studio_webhook_secret", 48),) if is_played and not environment.is_production else ()
    found = tuple(part.strip() for part in given.split(","))
    if any(not re.fullmatch(rf"[!-~]{{{SHORTEST_WEBHOOK_SECRET},}}", secret) for secret in found):
        raise WrongEnvironment(
            f"The environment variable {name} has a secret that is shorter than {SHORTEST_WEBHOOK_SECRET} "
            "characters, has a space in it, or is not in ASCII: write the secrets as the provider shows them, "
            "separated by commas."
        )
    return found


def _kept(name: str, size_bytes: int) -> str:
    """Return the secret kept under `var/`, made by whichever process is first."""
    file = VAR_DIR / name
    if not file.exists():
        _write_once(file, secrets.token_urlsafe(size_bytes))
    return file.read_text()


def _write_once(file: Path, text: str) -> None:
    """Create `file` whole or leave the one another process was first to make."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=file.parent) as temporary:  # mode 0600
        temporary.write(text)
        temporary.flush()
        with suppress(FileExistsError):
            file.hardlink_to(temporary.name)


def database_settings(url: str) -> dict[str, Any]:
    """Turn a PostgreSQL URL into Django's settings for it; libpq's own parser reads the URL.

    Raises `WrongEnvironment` when it is not a URL libpq understands or names no database.
    """
    try:
        given = {key: value for key, value in conninfo_to_dict(url).items() if value is not None}
    except ProgrammingError:
        # What libpq says of it quotes it, and so the password.
        raise WrongEnvironment(
            "The environment variable DATABASE_URL cannot be read: write it as "
            "postgresql://user:password@host:5432/name, with special characters percent-encoded."
        ) from None
    if not given.get("dbname"):
        raise WrongEnvironment(
            "The environment variable DATABASE_URL names no database: end it with /name, as in "
            "postgresql://user:password@host:5432/name."
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": given.pop("dbname"),
        "USER": given.pop("user", ""),
        "PASSWORD": given.pop("password", ""),
        "HOST": given.pop("host", ""),
        "PORT": str(given.pop("port", "")),
        "OPTIONS": given,
    }

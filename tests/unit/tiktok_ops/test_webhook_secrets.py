"""What the environment says of providers that call us: their secrets, our address, and what live needs."""

import stat
from pathlib import Path

import pytest

from tests.unit.tiktok_ops.test_env import PRODUCTION, empty_environment, loaded, refusal
from tiktok_ops import env
from tiktok_ops.env import WrongEnvironment, load_environment, webhook_secrets

__all__ = ["empty_environment"]  # the fixture: no variable of ours is set

OLD, NEW = "an-old-secret-of-theirs", "a/new+secret=of:theirs"
BOTH = pytest.mark.parametrize("name", ["STUDIO_WEBHOOK_SECRETS", "TIKTOK_WEBHOOK_SECRETS"])


@BOTH
def test_read_secrets_gives_each_as_it_is_written(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert webhook_secrets(loaded(monkeypatch, **{name: OLD}), name) == (OLD,)
    assert webhook_secrets(loaded(monkeypatch, **{name: f"{NEW}, {OLD}"}), name) == (NEW, OLD)


@BOTH
@pytest.mark.parametrize(
    "given", ["geheim", f"{OLD},", f",{OLD}", f"{OLD},{'x' * 15}", "a secret with spaces", "ß" * 20]
)
def test_read_secrets_that_do_not_do_is_refused_without_quoting_them(
    monkeypatch: pytest.MonkeyPatch, name: str, given: str
) -> None:
    with pytest.raises(WrongEnvironment, match=f"variable {name} has a secret that is shorter") as refused:
        webhook_secrets(loaded(monkeypatch, **{name: given}), name)
    assert given not in str(refused.value)


def test_read_no_secrets_of_tiktok_gives_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert webhook_secrets(load_environment(), "TIKTOK_WEBHOOK_SECRETS") == ()


def test_read_no_secrets_of_the_sandbox_studio_makes_one_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(env, "VAR_DIR", tmp_path)
    [made] = webhook_secrets(load_environment(), "STUDIO_WEBHOOK_SECRETS")
    assert len(made) >= 32
    assert webhook_secrets(load_environment(), "STUDIO_WEBHOOK_SECRETS") == (made,)
    assert stat.S_IMODE((tmp_path / "studio_webhook_secret").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "variables",
    [PRODUCTION, {"STUDIO_MODE": "live", "STUDIO_API_KEY": "k", "STUDIO_BASE_URL": "https://s.example.com"}],
)
def test_read_no_secrets_where_nobody_may_make_one_up_gives_none(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    assert webhook_secrets(loaded(monkeypatch, **variables), "STUDIO_WEBHOOK_SECRETS") == ()


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({}, "STUDIO_API_KEY is empty but STUDIO_MODE is 'live': set the key, or set STUDIO_MODE=sandbox."),
        (
            {"STUDIO_API_KEY": "k"},
            "STUDIO_BASE_URL is empty but STUDIO_MODE is 'live': set the address, or set STUDIO_MODE=sandbox.",
        ),
    ],
)
def test_load_a_live_studio_without_what_it_needs_is_refused(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], sentence: str
) -> None:
    assert refusal(monkeypatch, STUDIO_MODE="live", **variables) == f"The environment variable {sentence}"


@pytest.mark.parametrize("url", ["", "https://ops.example.com", "http://127.0.0.1:8000"])
def test_load_an_address_of_ours_takes_it(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    assert url == loaded(monkeypatch, PUBLIC_URL=url).PUBLIC_URL


@pytest.mark.parametrize(
    "url",
    ["ops.example.com", "https://ops.example.com/", "https://ops.example.com/x", "https://a@b", "ftp://a"],
)
def test_load_what_is_no_address_of_ours_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    assert refusal(monkeypatch, PUBLIC_URL=url) == (
        f"The environment variable PUBLIC_URL is {url!r}, which does not do: "
        "write it as https://ops.example.com, without a path or a slash at its end."
    )

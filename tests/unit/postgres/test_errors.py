import sys
from pathlib import Path

import pytest

from tiktok_ops.postgres.errors import EmbeddedServerError, check_platform, explained


def test_check_platform_on_windows_names_both_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")

    with pytest.raises(EmbeddedServerError, match=r"does not run on Windows: set DATABASE_URL=.*WSL\.$"):
        check_platform()


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_check_platform_on_unix_says_nothing(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)

    check_platform()


def test_explained_with_an_os_error_names_directory_cause_and_remedies() -> None:
    with pytest.raises(EmbeddedServerError) as raised, explained(Path("/some/where")):
        raise PermissionError(13, "Permission denied", "/some/where/data")

    sentence = str(raised.value)
    assert "'/some/where' cannot be used ([Errno 13] Permission denied: '/some/where/data')" in sentence
    assert "TIKTOK_OPS_POSTGRES_DIR" in sentence
    assert "DATABASE_URL" in sentence
    assert isinstance(raised.value.__cause__, PermissionError)


def test_explained_with_another_error_lets_it_pass() -> None:
    with pytest.raises(ZeroDivisionError), explained(Path("/some/where")):
        raise ZeroDivisionError


def test_explained_with_a_sentence_of_ours_keeps_it() -> None:
    with pytest.raises(EmbeddedServerError, match=r"^Ours\.$"), explained(Path("/some/where")):
        raise EmbeddedServerError("Ours.")

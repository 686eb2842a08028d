import os
import socket
import stat
import tempfile
from pathlib import Path

import pytest

from tiktok_ops.postgres.errors import EmbeddedServerError
from tiktok_ops.postgres.identity import Account
from tiktok_ops.postgres.sockets import (
    LONGEST_PATH_BYTES,
    SOCKET_NAME,
    accepts,
    prepare,
    socket_directory_for,
)

OTHER = Account("somebody", uid=54321, gid=54321)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_socket_directory_for_a_directory_has_a_short_name_of_its_own() -> None:
    # printf /srv/ops/var/postgres | sha256sum
    expected = "tiktok-ops-b8bc2d55"
    place = socket_directory_for(Path("/srv/ops/var/postgres"))

    assert place.parent == Path(tempfile.gettempdir())
    assert place.name == expected
    assert socket_directory_for(Path("/srv/ops/var/postgres2")) != place


@pytest.mark.parametrize("name", ["x" * 300, "ä b", os.fsdecode(b"\xff")])
def test_socket_directory_for_any_path_fits_a_socket_address(name: str) -> None:
    place = socket_directory_for(Path("/srv") / name)

    assert len(os.fsencode(place / SOCKET_NAME)) <= LONGEST_PATH_BYTES
    assert len(place.name) == len("tiktok-ops-") + 8


def test_socket_directory_for_a_long_tmpdir_falls_back_to_tmp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / ("x" * 100)))

    assert socket_directory_for(tmp_path).parent == Path("/tmp")  # noqa: S108 - the fallback itself


def test_prepare_makes_a_private_directory(tmp_path: Path) -> None:
    prepare(tmp_path / "sockets", None)

    assert mode_of(tmp_path / "sockets") == 0o700


def test_prepare_of_our_own_open_directory_closes_it(tmp_path: Path) -> None:
    (tmp_path / "sockets").mkdir()
    (tmp_path / "sockets").chmod(0o777)

    prepare(tmp_path / "sockets", None)

    assert mode_of(tmp_path / "sockets") == 0o700


@pytest.mark.parametrize("kind", ["link", "dangling link", "file"])
def test_prepare_of_something_else_is_refused_and_changes_nothing(tmp_path: Path, kind: str) -> None:
    place, target = tmp_path / "sockets", tmp_path / "target"
    if kind == "link":
        target.mkdir(mode=0o755)
    if kind == "file":
        place.touch()
    else:
        place.symlink_to(target)

    with pytest.raises(EmbeddedServerError, match=r"sockets' is not a directory, so .* or set TMPDIR"):
        prepare(place, None)

    assert not target.exists() or mode_of(target) == 0o755


@as_root
def test_prepare_of_somebody_elses_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sockets").mkdir()
    os.chown(tmp_path / "sockets", 12345, 12345)

    with pytest.raises(EmbeddedServerError, match="sockets' belongs to the account with uid 12345"):
        prepare(tmp_path / "sockets", OTHER)


@as_root
@pytest.mark.parametrize("owner", [0, OTHER.uid])
def test_prepare_as_root_hands_the_directory_to_the_account(tmp_path: Path, owner: int) -> None:
    (tmp_path / "sockets").mkdir()
    os.chown(tmp_path / "sockets", owner, owner)

    prepare(tmp_path / "sockets", OTHER)

    assert (tmp_path / "sockets").stat().st_uid == OTHER.uid
    assert mode_of(tmp_path / "sockets") == 0o700


def test_accepts_only_while_somebody_listens(place: Path) -> None:
    assert not accepts(place)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place / SOCKET_NAME))
        assert not accepts(place)
        listener.listen()
        assert accepts(place)

    assert not accepts(place)

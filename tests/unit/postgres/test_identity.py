import os
import shlex
import stat
import subprocess
from pathlib import Path

import pytest

from tiktok_ops.postgres.errors import EmbeddedServerError
from tiktok_ops.postgres.identity import (
    Account,
    check_owner,
    check_usable,
    hand_over,
    is_permitted,
    make_reachable,
    server_account,
)

OTHER = Account("somebody", uid=54321, gid=54321)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


def status_of(mode: int, *, uid: int, gid: int) -> os.stat_result:
    return os.stat_result((mode, 0, 0, 1, uid, gid, 0, 0, 0, 0))


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_server_account_as_a_normal_user_is_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert server_account() is None


def test_server_account_as_root_is_an_unprivileged_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    account = server_account()

    assert account is not None
    assert account.name == "nobody"
    assert account.uid != 0


def test_server_account_as_root_without_one_names_the_remedies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    with pytest.raises(EmbeddedServerError) as raised:
        server_account("no-such-account")

    assert "no account 'no-such-account'" in str(raised.value)
    assert "`useradd --system no-such-account`" in str(raised.value)
    assert "DATABASE_URL" in str(raised.value)


@pytest.mark.parametrize(
    ("mode", "uid", "gid", "bits", "is_allowed"),
    [
        (0o700, 54321, 0, 1, True),
        (0o077, 54321, 54321, 1, False),  # the owner's bits decide, however generous the others are
        (0o070, 0, 54321, 5, True),
        (0o707, 0, 54321, 1, False),
        (0o701, 0, 0, 1, True),
        (0o704, 0, 0, 5, False),
        (0o705, 0, 0, 5, True),
        (0o770, 0, 0, 1, False),
    ],
)
def test_is_permitted_asks_the_first_class_that_fits(
    mode: int, uid: int, gid: int, bits: int, is_allowed: bool
) -> None:
    assert is_permitted(status_of(mode, uid=uid, gid=gid), OTHER, bits) is is_allowed


def test_make_reachable_adds_one_bit_where_it_is_missing_and_says_so_once(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_one, closed_one, target = (
        place / "open",
        place / "open" / "closed",
        place / "open" / "closed" / "target",
    )
    target.mkdir(parents=True)
    for directory, mode in ((place, 0o755), (open_one, 0o711), (closed_one, 0o2750), (target, 0o700)):
        directory.chmod(mode)

    make_reachable(target, OTHER)

    assert [mode_of(path) for path in (place, open_one, closed_one, target)] == [0o755, 0o711, 0o2751, 0o700]
    said = capsys.readouterr()
    assert said.err == f"Changed {str(closed_one)!r}: o+x, so that PostgreSQL can pass as 'somebody'.\n"
    assert said.out == ""


def test_make_reachable_of_a_reachable_path_changes_and_says_nothing(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place.chmod(0o711)

    make_reachable(place / "absent", OTHER)

    assert mode_of(place) == 0o711
    assert capsys.readouterr().err == ""


def test_make_reachable_through_a_link_opens_the_way_to_its_target(place: Path) -> None:
    place.chmod(0o755)
    (place / "far" / "target").mkdir(parents=True)
    (place / "far").chmod(0o700)
    (place / "link").symlink_to(place / "far" / "target")

    make_reachable(place / "link", OTHER)

    assert mode_of(place / "far") == 0o701


@pytest.fixture
def tree(place: Path) -> Path:
    """A small wheel: a program, a library and a link to it, all usable by anybody."""
    root = place / "pg install"
    (root / "bin").mkdir(parents=True)
    (root / "bin" / "postgres").touch(mode=0o755)
    (root / "lib.so").touch(mode=0o644)
    (root / "lib.so.5").symlink_to("lib.so")
    for path in (root, root / "bin", root / "bin" / "postgres"):
        path.chmod(0o755)
    (root / "lib.so").chmod(0o644)
    return root


def test_check_usable_with_open_trees_says_nothing(tree: Path) -> None:
    check_usable([tree, tree / "bin"], OTHER)


@pytest.mark.parametrize(
    ("name", "mode"),
    [("", 0o700), ("bin", 0o754), ("bin/postgres", 0o744), ("lib.so", 0o640), ("bin/postgres", 0o711)],
)
def test_check_usable_with_a_closed_one_gives_the_remedy(tree: Path, name: str, mode: int) -> None:
    (tree / name).chmod(mode)

    with pytest.raises(EmbeddedServerError) as raised:
        check_usable([tree], OTHER)

    command = str(raised.value).split("`")[1]
    assert command == f"chmod -R o+rX {shlex.quote(str(tree))}"
    subprocess.run(shlex.split(command), check=True)
    check_usable([tree], OTHER)


def test_check_usable_changes_nothing_itself(tree: Path) -> None:
    tree.chmod(0o700)

    with pytest.raises(EmbeddedServerError):
        check_usable([tree], OTHER)

    assert mode_of(tree) == 0o700


def test_hand_over_to_our_own_account_changes_nothing(tmp_path: Path) -> None:
    before = tmp_path.stat()
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        hand_over(descriptor, None)
    finally:
        os.close(descriptor)

    assert (tmp_path.stat().st_uid, tmp_path.stat().st_gid) == (before.st_uid, before.st_gid)


@as_root
def test_hand_over_as_root_gives_the_file_away(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "file", os.O_CREAT | os.O_RDWR)
    try:
        hand_over(descriptor, OTHER)
    finally:
        os.close(descriptor)

    assert ((tmp_path / "file").stat().st_uid, (tmp_path / "file").stat().st_gid) == (OTHER.uid, OTHER.gid)


def test_check_owner_of_our_own_says_nothing(tmp_path: Path) -> None:
    check_owner(tmp_path, None)


def test_check_owner_of_somebody_else_names_path_uid_and_account(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedServerError) as raised:
        check_owner(tmp_path, OTHER)

    owner = f"{str(tmp_path)!r} belongs to the account with uid {os.geteuid()}"
    assert f"{owner} but PostgreSQL would run as 'somebody'" in str(raised.value)


@as_root
def test_check_owner_as_a_user_of_a_directory_root_made_names_our_uid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(EmbeddedServerError, match="uid 0 but PostgreSQL would run as 1000"):
        check_owner(tmp_path, None)

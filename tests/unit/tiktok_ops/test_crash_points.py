"""Dying at a named place, at one pass for each subject; tried in a child, for it is a real SIGKILL."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command

from tiktok_ops import crash_points
from tiktok_ops.crash_points import CrashPoint, pass_by, passes
from tiktok_ops.env import BASE_DIR, WrongEnvironment, load_environment
from workflows.checks import check_crash_points

PROGRAM = """
import sys
from pathlib import Path
from uuid import UUID
from django.conf import settings
settings.configure(CRASH_AT={"effect.in_sending": 1, "keeper.in_waking": 2})
from tiktok_ops import crash_points
crash_points.FOLDER = Path(sys.argv[1])
crash_points.pass_by(crash_points.CrashPoint(sys.argv[2]), UUID(sys.argv[3]))
print("alive")
"""


def passes_by(folder: Path, point: CrashPoint, subject: Any) -> int:
    """Let a process pass the point for the subject, and return how it ended."""
    arguments = [sys.executable, "-c", PROGRAM, str(folder), point.value, str(subject)]
    return subprocess.run(arguments, cwd=BASE_DIR, check=False, capture_output=True).returncode


def test_pass_by_dies_once_for_each_subject_and_only_where_it_was_told(tmp_path: Path) -> None:
    one, other = uuid4(), uuid4()

    ends = [
        passes_by(tmp_path, CrashPoint.BEFORE_SENDING, one),
        passes_by(tmp_path, CrashPoint.IN_SENDING, one),
        passes_by(tmp_path, CrashPoint.IN_SENDING, one),
        passes_by(tmp_path, CrashPoint.IN_SENDING, other),
    ]

    assert ends == [0, -signal.SIGKILL, 0, -signal.SIGKILL]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"effect.in_sending.{subject}.1" for subject in (one, other)
    )


def test_pass_by_with_a_number_dies_at_that_pass_and_no_other(tmp_path: Path) -> None:
    subject = uuid4()

    ends = [passes_by(tmp_path, CrashPoint.IN_WAKING, subject) for _ in range(3)]

    assert ends == [0, -signal.SIGKILL, 0]


def test_passes_of_a_subject_are_its_own_and_those_of_the_point(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CRASH_AT = {CrashPoint.IN_WAKING: 3, CrashPoint.IN_RINGING: 3}
    monkeypatch.setattr(crash_points, "FOLDER", tmp_path)
    one, other = uuid4(), uuid4()
    for point, subject in [
        (CrashPoint.IN_WAKING, one),
        (CrashPoint.IN_WAKING, one),
        (CrashPoint.IN_WAKING, other),
        (CrashPoint.IN_RINGING, one),
    ]:
        pass_by(point, subject)

    assert len(list(passes(CrashPoint.IN_WAKING, one))) == 2
    assert len(list(passes(CrashPoint.IN_RINGING, one))) == 1
    assert list(passes(CrashPoint.IN_RINGING, other)) == []


def test_pass_by_somebody_who_died_there_before_lives_on(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CRASH_AT = dict.fromkeys(CrashPoint, 1)
    monkeypatch.setattr(crash_points, "FOLDER", tmp_path / "deep" / "down")
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: killed.append((pid, number)))
    subject = uuid4()

    for _ in range(2):
        pass_by(CrashPoint.MID_UPLOAD, subject)

    assert killed == [(os.getpid(), signal.SIGKILL)]


def test_pass_by_without_settings_leaves_no_trace(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CRASH_AT = {}
    monkeypatch.setattr(crash_points, "FOLDER", tmp_path / "none")

    pass_by(CrashPoint.IN_SENDING, uuid4())

    assert not (tmp_path / "none").exists()


def test_check_of_an_unknown_crash_point_names_it_and_those_there_are(settings: Any) -> None:
    settings.CRASH_AT = {"effect.in_sending": 1, "effect.nowhere": 1}

    [error] = check_crash_points()

    assert error.id == "workflows.E003"
    assert error.msg.startswith("The environment variable CRASH_AT names 'effect.nowhere', which is no crash")
    assert all(point in error.msg for point in CrashPoint)
    settings.CRASH_AT = dict.fromkeys(CrashPoint, 1)
    assert check_crash_points() == []


def test_command_lists_every_point_with_its_moment(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("crash_points")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(CrashPoint)
    assert all(point.moment in line for point, line in zip(CrashPoint, lines, strict=True))

    call_command("crash_points", json=True)
    listed = json.loads(capsys.readouterr().out)
    assert [row["point"] for row in listed] == list(CrashPoint)
    assert {tuple(row) for row in listed} == {("point", "moment", "subject")}


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("", {}),
        ("keeper.in_waking", {"keeper.in_waking": 1}),
        (" step.after_claim:3, keeper.in_waking:1 ,", {"step.after_claim": 3, "keeper.in_waking": 1}),
    ],
)
def test_environment_reads_points_with_their_passes(
    monkeypatch: pytest.MonkeyPatch, given: str, read: dict[str, int]
) -> None:
    monkeypatch.setenv("CRASH_AT", given)
    assert load_environment().crash_at == read


@pytest.mark.parametrize("given", ["step.after_claim:", "step.after_claim:0", "a:1,b:-1", "a:x"])
def test_environment_refuses_a_pass_that_is_no_number(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("CRASH_AT", given)
    with pytest.raises(WrongEnvironment, match=r"CRASH_AT is .* does not do: write it as point or point:n"):
        load_environment()

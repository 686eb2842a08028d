"""Dying at a named place, once for each subject; tried in a child, for it is a real SIGKILL."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tiktok_ops.env import BASE_DIR
from workflows import crash_points
from workflows.checks import check_crash_points
from workflows.crash_points import CrashPoint, pass_by

PROGRAM = """
import sys
from pathlib import Path
from uuid import UUID
from django.conf import settings
settings.configure(CRASH_AT=frozenset({"effect.in_sending"}))
from workflows import crash_points
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
        f"effect.in_sending.{subject}" for subject in (one, other)
    )


def test_pass_by_somebody_who_died_there_before_lives_on(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CRASH_AT = frozenset(CrashPoint)
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
    settings.CRASH_AT = frozenset()
    monkeypatch.setattr(crash_points, "FOLDER", tmp_path / "none")

    pass_by(CrashPoint.IN_SENDING, uuid4())

    assert not (tmp_path / "none").exists()


def test_check_of_an_unknown_crash_point_names_it_and_those_there_are(settings: Any) -> None:
    settings.CRASH_AT = frozenset({"effect.in_sending", "effect.nowhere"})

    [error] = check_crash_points()

    assert error.id == "workflows.E003"
    assert error.msg.startswith("The environment variable CRASH_AT names 'effect.nowhere', which is no crash")
    assert all(point in error.msg for point in CrashPoint)
    settings.CRASH_AT = frozenset(CrashPoint)
    assert check_crash_points() == []

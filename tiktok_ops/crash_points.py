"""Places where a process can be made to die, to show that nothing is lost and nothing done twice there.

`CRASH_AT` names the points, separated by commas: `point` or `point:n`. Each point counts its passes for each
subject (a step, a run, an account …, by its id), over all processes that share `var/`. The process
that makes the n-th pass (the first, unless said) is killed there with SIGKILL; every other pass goes by. So
whatever comes back to the same subject lives on. A file under `var/crash_points` stands for each pass counted.
"""

import os
import signal
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Self
from uuid import UUID

from django.conf import settings

from tiktok_ops.env import VAR_DIR

FOLDER = VAR_DIR / "crash_points"


class CrashPoint(StrEnum):
    """Every point there is, with the moment it is, and of what its subject is the id."""

    moment: str
    subject: str

    def __new__(cls, name: str, moment: str, subject: str) -> Self:
        """Make a point from its name, its moment and its subject."""
        made = str.__new__(cls, name)
        made._value_, made.moment, made.subject = name, moment, subject
        return made

    BEFORE_START = "run.before_start", "A run may start; nothing of it is written.", "account"
    AFTER_START = "run.after_start", "A run is committed; whoever started it was not told.", "account"
    BEFORE_CLAIM = "doorbell.before_claim", "A worker took the doorbell, and no step yet.", "run"
    AFTER_CLAIM = "step.after_claim", "A step is claimed; nothing of it is done.", "step"
    BEFORE_FINISH = "step.before_finish", "A step's work is done; its outcome is not written.", "step"
    IN_FINISH = "step.in_finish", "Outcome, successors and doorbells are written, not committed.", "step"
    AFTER_FINISH = "step.after_finish", "The outcome is committed; the worker was not told.", "step"
    IN_RESERVING = "budget.in_reserving", "Money is held for a call, not committed.", "step"
    AFTER_RESERVING = "budget.after_reserving", "Money is held for a call; the call has not left.", "step"
    AFTER_CALL = "budget.after_call", "The model answered; neither answer nor cost is written.", "step"
    IN_SETTLING = "budget.in_settling", "A call's row and its cost are written, not committed.", "step"
    BEFORE_HAND_IN = "batch.before_hand_in", "A question is `submitting`; nothing was handed in.", "step"
    AFTER_HAND_IN = "batch.after_hand_in", "Claude has the batch; its id is not kept.", "step"
    BEFORE_COLLECTED = (
        "batch.before_collected",
        "A batch's answer is here; neither it nor its cost is written.",
        "step",
    )
    IN_DECISION = "approval.in_decision", "A decision is written; what follows from it is not.", "approval"
    BEFORE_DECISION_COMMITS = (
        "approval.before_commit",
        "A decision and what follows from it are written, not committed.",
        "approval",
    )
    AFTER_DECISION = (
        "approval.after_commit",
        "A decision is committed; whoever decided was not told.",
        "approval",
    )
    IN_RINGING = "keeper.in_ringing", "The keeper marked due steps as rung, and rang for some of them.", "run"
    IN_WAKING = "keeper.in_waking", "The keeper woke a step that waited, and has not committed it.", "step"
    IN_PARKING = "keeper.in_parking", "The keeper is about to park a step that takes workers down.", "step"
    BEFORE_FIRING_COMMITS = (
        "schedule.before_firing_commits",
        "A schedule's run and its firing are written, not committed.",
        "schedule",
    )
    BEFORE_SENDING = "effect.before_sending", "TikTok said what is allowed; no leave to send yet.", "step"
    IN_SENDING = "effect.in_sending", "The effect is `sending`; nothing has left.", "step"
    AFTER_OFFER = (
        "effect.after_offer",
        "An address is open to TikTok, which was not asked to pull yet.",
        "step",
    )
    AFTER_INIT = "effect.after_init", "TikTok gave a publish id; it is not kept.", "step"
    BEFORE_FIRST_BYTE = "effect.before_first_byte", "The publish id is kept; no byte has left.", "step"
    MID_UPLOAD = "effect.mid_upload", "Some chunks have left, not all.", "step"
    BEFORE_SENT = "effect.before_sent", "Every byte has left; that is not written.", "step"
    BEFORE_PART_KEPT = (
        "part.before_kept",
        "TikTok made one part of an act of several; its id is not kept.",
        "step",
    )
    AFTER_PART_KEPT = "part.after_kept", "A part's id is kept; the next was not asked for.", "step"
    BEFORE_WEBHOOK_COMMITS = (
        "webhook.before_commit",
        "A message and its doorbell are written, not committed.",
        "message",
    )
    AFTER_WEBHOOK = "webhook.after_commit", "A message is committed; its sender was not told.", "message"
    IN_RENEWING = (
        "access.in_renewing",
        "A worker is about to renew an account's access; nothing was sent.",
        "account",
    )
    BEFORE_PAIR_KEPT = "access.before_kept", "TikTok gave a new pair of tokens; it is not kept.", "account"
    AFTER_PAIR_KEPT = "access.after_kept", "The new pair is committed; nobody used it yet.", "account"
    AFTER_REWRAPPED = (
        "vault.after_page",
        "A page of secrets is under the newest key; the next ones are not.",
        "first of the page",
    )
    BEFORE_CONFIRMED = "effect.before_confirmed", "TikTok said it is out; that is not written.", "step"


def pass_by(point: CrashPoint, subject: UUID) -> None:
    """Die here, if the settings say so and this is the pass they name; without settings, one look-up."""
    if point not in settings.CRASH_AT:
        return
    wanted: int = settings.CRASH_AT[point]
    if _count_pass(point, subject, most=wanted) == wanted:
        os.kill(os.getpid(), signal.SIGKILL)


def passes(point: CrashPoint, subject: UUID) -> Iterator[Path]:
    """Return the files of the passes counted at the point for the subject, for tests to count and remove."""
    return FOLDER.glob(f"{point}.{subject}.*")


def _count_pass(point: CrashPoint, subject: UUID, *, most: int) -> int | None:
    """Return which pass this is, counted from 1; None beyond `most`. Each number is given to one process."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for number in range(1, most + 1):
        try:
            (FOLDER / f"{point}.{subject}.{number}").touch(exist_ok=False)
        except FileExistsError:
            continue
        return number
    return None

"""The journal of questions that wait in a batch: written before they leave, so that none is paid twice."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from agents.transitions import BATCHED
from tiktok_ops.ids import new_id

OPEN = ("prepared", "submitting", "submitted")
"""In these, somebody still waits for the answer."""

UNSETTLED = (*OPEN, "cancelling")
"""In these, something is still to be asked at the provider."""


class BatchedQuestion(models.Model):
    """One question handed in with a batch of its own, for the step of a workflow run (which is above this app).

    `custom_id` is what the provider knows it by: it follows from the step and from which question of the step
    this is, never from who asks. `submitting` says that it may be out: since `tried_at` somebody was about to
    hand it in, and only the provider knows. `request` is what is sent, `response` the answer as it came.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agent_run = models.ForeignKey("agents.AgentRun", on_delete=models.PROTECT, related_name="batched")
    step_id = models.UUIDField()
    number = models.PositiveIntegerField()
    custom_id = models.CharField(max_length=64, unique=True)
    status = models.CharField(max_length=16, default="prepared")
    request = models.JSONField()
    response = models.TextField(blank=True)
    batch_id = models.CharField(max_length=100, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())
    tried_at = models.DateTimeField(null=True)
    look_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["step_id", "number"], name="batched_question_once"),
            models.UniqueConstraint(
                fields=["step_id"], name="batched_one_open_for_a_step", condition=Q(status__in=OPEN)
            ),
            models.UniqueConstraint(
                fields=["batch_id"], name="batched_batch_is_for_one", condition=~Q(batch_id="")
            ),
            models.CheckConstraint(
                condition=Q(status__in=list(BATCHED.statuses)), name="batched_status_known"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["submitted", "cancelling", "answered"]) | ~Q(batch_id=""),
                name="batched_knows_its_batch",
            ),
            models.CheckConstraint(
                condition=~Q(status="answered") | ~Q(response=""), name="batched_answer_is_kept"
            ),
            models.CheckConstraint(
                condition=~Q(status="submitting") | Q(tried_at__isnull=False), name="batched_try_has_a_time"
            ),
            models.CheckConstraint(
                condition=Q(status__in=sorted(BATCHED.terminal), finished_at__isnull=False)
                | (~Q(status__in=sorted(BATCHED.terminal)) & Q(finished_at__isnull=True)),
                name="batched_finished_when_over",
            ),
        ]
        indexes = [
            models.Index(fields=["look_at"], name="batched_unsettled", condition=Q(status__in=UNSETTLED))
        ]

    def __str__(self) -> str:
        return f"{self.custom_id} {self.status}"

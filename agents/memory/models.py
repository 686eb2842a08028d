"""What is remembered of a brand, an account or an agent's work, and told to models once a person accepted it."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.db.models.functions import MD5, Now
from django.utils.translation import gettext_lazy as _

from agents.memory.languages import CONFIGURATIONS
from agents.memory.transitions import MEMORY
from tiktok_ops.accounts.models import Brand, TikTokAccount, User, Workspace
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.ids import new_id

LONGEST_TEXT = 1_000


class MemoryItem(models.Model):
    """One thing worth knowing the next time, in a sentence or two, for as long as it is not revoked.

    Its text is frozen (a trigger refuses any change): what a person accepted is what models are told. `search` is
    filled in by the database, in the text's `language` (a text search configuration). Where it comes from is above
    this app: the run is an id, `source` names the rest, as the audit trail does.
    """

    class Scope(models.TextChoices):
        """Whom it is told about."""

        BRAND = "brand", _("Brand")
        ACCOUNT = "account", _("Account")
        AGENT = "agent", _("Agent")

    class Kind(models.TextChoices):
        """What it is."""

        FACT = "fact", _("Fact")
        VOICE = "voice", _("Voice")
        LESSON = "lesson", _("Lesson")
        OUTCOME = "outcome", _("Outcome")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="memory")
    scope = models.CharField(max_length=8, choices=Scope)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, null=True, blank=True, related_name="memory")
    account = models.ForeignKey(
        TikTokAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="memory"
    )
    agent = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=8, choices=Kind)
    text = models.CharField(max_length=LONGEST_TEXT)
    language = models.CharField(max_length=20, default="simple")
    search = SearchVectorField(null=True, editable=False)
    status = models.CharField(max_length=10, default="proposed")
    source_run_id = models.UUIDField(null=True)
    source = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedQuerySet["MemoryItem"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "workspace"
    brand_path: ClassVar[str] = "brand"

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scope="brand", brand__isnull=False, account__isnull=True, agent="")
                | Q(scope="account", account__isnull=False, agent="")
                | (Q(scope="agent", brand__isnull=True, account__isnull=True) & ~Q(agent="")),
                name="memory_is_of_its_scope",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["fact", "voice", "lesson", "outcome"]), name="memory_kind_known"
            ),
            models.CheckConstraint(condition=Q(status__in=list(MEMORY.statuses)), name="memory_status_known"),
            models.CheckConstraint(condition=~Q(text=""), name="memory_says_something"),
            models.CheckConstraint(
                condition=Q(language__in=list(CONFIGURATIONS)), name="memory_language_known"
            ),
            models.CheckConstraint(
                condition=Q(status="proposed", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(status="proposed") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="memory_is_decided_by_a_person",
            ),
            models.UniqueConstraint(  # of the digest: an index cannot hold texts that long
                *("workspace", "scope", "brand", "account", "agent", "kind"),
                MD5("text"),
                condition=~Q(status="revoked"),
                name="memory_said_once",
                nulls_distinct=False,
            ),
        ]
        indexes = [
            GinIndex(fields=["search"], name="memory_search"),
            models.Index(fields=["workspace", "-id"], name="memory_active", condition=Q(status="active")),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {str(self.id)[-6:]}"

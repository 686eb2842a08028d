"""What TikTok holds against each account; `content.flags` is the only writer."""

from django.db import models
from django.db.models import F, Q

from tiktok_ops.content.on_account import OnAccount


class PolicyFlag(OnAccount):
    """Something TikTok holds against an account, by its own code: a limit, or a post it refused (`about`).

    A limit is in force from `since` until `ended_at`; a refusal is of the moment `since`.
    """

    code = models.CharField(max_length=80)
    about = models.CharField(max_length=100, blank=True)
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-since", "code"]
        constraints = [
            models.UniqueConstraint(fields=["account", "about", "code"], name="policy_flag_once"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | (Q(about="") & Q(ended_at__gte=F("since"))),
                name="policy_flag_ends_after_it_began",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} since {self.since:%Y-%m-%d %H:%M}"

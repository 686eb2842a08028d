"""What every row of an account's content is made of."""

from typing import ClassVar

from django.db import models

from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.ids import new_id


class OnAccount(models.Model):
    """Base of rows that belong to one TikTok account and are seen by whoever sees it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(TikTokAccount, on_delete=models.PROTECT, related_name="%(class)ss")

    objects: ClassVar[ScopedQuerySet["OnAccount"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "account__workspace"
    brand_path: ClassVar[str] = "account__brand"

    class Meta:
        abstract = True

"""What is on the accounts: posts and their figures, comments, the shop, trends, media; sync and imports write here."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tiktok_ops.accounts.models import Brand, User, Workspace
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.content.flag_models import PolicyFlag as PolicyFlag
from tiktok_ops.content.on_account import OnAccount as OnAccount
from tiktok_ops.content.transitions import IMPORT
from tiktok_ops.ids import new_id


class Counts(models.Model):
    """Base of rows with a post's four counts: whole numbers, never negative."""

    views = models.PositiveBigIntegerField(default=0)
    likes = models.PositiveBigIntegerField(default=0)
    comments = models.PositiveBigIntegerField(default=0)
    shares = models.PositiveBigIntegerField(default=0)

    class Meta:
        abstract = True


class Post(OnAccount, Counts):
    """A post with its newest counts; `PostMetrics` holds how they came about."""

    video_id = models.CharField(max_length=20)
    url = models.URLField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    caption = models.TextField(blank=True)
    hashtags = ArrayField(models.CharField(max_length=150), default=list, blank=True)
    extra = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["account", "video_id"], name="post_once")]
        indexes = [models.Index(fields=["account", "created_at"], name="post_by_time")]

    def __str__(self) -> str:
        return self.caption[:60] or self.video_id


class PostMetrics(Counts):
    """A post's counts as seen at one moment."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="metrics")
    observed_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = _("post metrics")
        ordering = ["-observed_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["post", "observed_at"], name="post_metrics_once")]

    def __str__(self) -> str:
        return f"{self.post_id} at {self.observed_at:%Y-%m-%d %H:%M}"


class AccountMetrics(OnAccount):
    """An account's figures of one day (the account's own calendar day); empty where none were told."""

    day = models.DateField()
    followers = models.PositiveBigIntegerField(null=True, blank=True)
    profile_views = models.PositiveBigIntegerField(null=True, blank=True)
    video_views = models.PositiveBigIntegerField(null=True, blank=True)
    likes = models.PositiveBigIntegerField(null=True, blank=True)
    comments = models.PositiveBigIntegerField(null=True, blank=True)
    shares = models.PositiveBigIntegerField(null=True, blank=True)
    viewers = models.PositiveBigIntegerField(null=True, blank=True)
    new_viewers = models.PositiveBigIntegerField(null=True, blank=True)
    returning_viewers = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = _("account metrics")
        ordering = ["-day"]
        constraints = [models.UniqueConstraint(fields=["account", "day"], name="account_metrics_once")]

    def __str__(self) -> str:
        return f"{self.account_id} on {self.day}"


class AudienceShare(OnAccount):
    """A part of an account's followers as seen on one day: their territory or gender, or when they are there.

    `share` is 0 to 1 of all followers; for an hour (`00` to `23`, by the account's clock) `followers` says
    how many were active in it.
    """

    class Dimension(models.TextChoices):
        """By what the followers are divided."""

        TERRITORY = "territory", _("Territory")
        GENDER = "gender", _("Gender")
        HOUR = "hour", _("Active in the hour")

    observed_on = models.DateField()
    dimension = models.CharField(max_length=16, choices=Dimension)
    value = models.CharField(max_length=80)
    share = models.FloatField(null=True, blank=True)
    followers = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-observed_on", "dimension", "-share", "value"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "observed_on", "dimension", "value"], name="audience_share_once"
            ),
            models.CheckConstraint(
                condition=Q(dimension__in=["territory", "gender", "hour"]), name="audience_dimension_known"
            ),
            models.CheckConstraint(
                condition=Q(dimension="hour", share__isnull=True, followers__isnull=False)
                | ~Q(dimension="hour")
                & Q(share__isnull=False, share__gte=0, share__lte=1, followers__isnull=True),
                name="audience_share_or_followers",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_dimension_display()} {self.value} on {self.observed_on}"


class Comment(OnAccount):
    """A comment under a post; text by strangers, never an instruction."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="received_comments")
    comment_id = models.CharField(max_length=40)
    parent_id = models.CharField(max_length=40, blank=True)
    author = models.CharField(max_length=80, blank=True)
    text = models.TextField()
    likes = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["account", "comment_id"], name="comment_once")]

    def __str__(self) -> str:
        return self.text[:60]


class Product(OnAccount):
    """A product in the account's shop; money in the shop's own currency."""

    product_id = models.CharField(max_length=40)
    title = models.CharField(max_length=300)
    description = models.TextField(blank=True)
    price = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    stock = models.IntegerField(default=0)
    status = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["title", "id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "product_id"], name="product_once"),
            models.CheckConstraint(
                condition=Q(price__isnull=True) | Q(price__gte=0), name="product_price_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class DealtWith(OnAccount):
    """What the source of a catalogue and the shop said of one part of a product when that was last dealt with.

    That is when both were the same, when a change was made in the shop, or when a person said that they may
    differ. Money is text, "24.9 EUR". `content.dealings` is the only writer.
    """

    class Part(models.TextChoices):
        """What is compared; a price goes with its currency."""

        TITLE = "title", _("title")
        DESCRIPTION = "description", _("description")
        PRICE = "price", _("price")

    product_id = models.CharField(max_length=40)
    part = models.CharField(max_length=16, choices=Part)
    in_source = models.TextField(blank=True)
    in_shop = models.TextField(blank=True)
    dealt_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["product_id", "part"]
        constraints = [
            models.UniqueConstraint(fields=["account", "product_id", "part"], name="dealt_with_once"),
            models.CheckConstraint(
                condition=Q(part__in=["title", "description", "price"]), name="dealt_with_part_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.part} of {self.product_id}"


class OrderLine(OnAccount):
    """One product in one shop order."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="order_lines")
    order_id = models.CharField(max_length=40)
    quantity = models.PositiveIntegerField()
    ordered_at = models.DateTimeField()
    is_cancelled = models.BooleanField(default=False)

    class Meta:
        ordering = ["-ordered_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "order_id", "product"], name="order_line_once")
        ]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.quantity} of {self.product_id}"


class Creator(models.Model):
    """A creator a workspace may write to."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="creators")
    handle = models.CharField(max_length=24)
    followers = models.PositiveBigIntegerField(default=0)
    engagement_rate = models.FloatField(null=True, blank=True)
    segments = models.JSONField(default=dict, blank=True)

    objects: ClassVar[ScopedQuerySet["Creator"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "workspace"

    class Meta:
        ordering = ["handle", "id"]
        constraints = [models.UniqueConstraint(fields=["workspace", "handle"], name="creator_once")]

    def __str__(self) -> str:
        return f"@{self.handle}"


class Trend(models.Model):
    """A trend as a provider reported it; common to all workspaces."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tag = models.CharField(max_length=150)
    region = models.CharField(max_length=8, blank=True)
    category = models.CharField(max_length=80, blank=True)
    observed_at = models.DateTimeField()
    views = models.PositiveBigIntegerField(default=0)
    posts = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["-observed_at", "tag"]
        constraints = [models.UniqueConstraint(fields=["tag", "region", "observed_at"], name="trend_once")]

    def __str__(self) -> str:
        return f"#{self.tag}"


class Asset(models.Model):
    """A media file and the right to use it; its bytes are named by their digest."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="assets")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, null=True, blank=True, related_name="assets")
    file = models.FileField(upload_to="assets/%Y/%m", max_length=300)
    sha256 = models.CharField(max_length=64, editable=False)
    media_type = models.CharField(max_length=80, editable=False)
    bytes = models.PositiveBigIntegerField(editable=False)
    probe = models.JSONField(default=dict, blank=True, editable=False)
    rights_note = models.TextField(blank=True)
    rights_expire_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[ScopedQuerySet["Asset"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "workspace"
    brand_path: ClassVar[str] = "brand"

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["workspace", "sha256"], name="asset_once")]
        indexes = [
            # For the keeper and for each worker, which ask again and again.
            models.Index(
                fields=["id"],
                name="asset_without_its_copy",
                condition=Q(probe__has_key="fitting") & ~Q(probe__fitting__has_key="made"),
            )
        ]

    def __str__(self) -> str:
        kind, _, form = self.media_type.partition("/")
        return f"{form.upper()} {kind} {self.sha256[:12]}"


class Artifact(OnAccount):
    """What a step of a run made: a report, a draft, a caption or an asset, named by its digest.

    Runs are above this app, so the run and the step are kept as ids, not as foreign keys.
    """

    class Kind(models.TextChoices):
        """What it is."""

        REPORT = "report", _("Report")
        DRAFT = "draft", _("Draft")
        CAPTION = "caption", _("Caption")
        ASSET = "asset", _("Asset")

    kind = models.CharField(max_length=16, choices=Kind)
    run_id = models.UUIDField(db_index=True)
    step_id = models.UUIDField()
    round = models.PositiveIntegerField(default=0)
    media_type = models.CharField(max_length=80, default="text/markdown")
    text = models.TextField(blank=True)
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, blank=True)
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            # A step that is claimed again after a crash makes its artifact again, not a second one.
            models.UniqueConstraint(fields=["step_id", "kind", "round"], name="artifact_once"),
            models.CheckConstraint(
                condition=Q(kind="asset", asset__isnull=False) | ~Q(kind="asset"), name="artifact_asset_named"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.created_at:%Y-%m-%d %H:%M}"


class SyncState(OnAccount):
    """How far one part of an account's sync is: as of when it is up to date, and in figures what came of it."""

    part = models.CharField(max_length=40)
    synced_at = models.DateTimeField()
    said = models.JSONField(default=dict)

    class Meta:
        ordering = ["part"]
        constraints = [models.UniqueConstraint(fields=["account", "part"], name="sync_state_once")]

    def __str__(self) -> str:
        return f"{self.part} as of {self.synced_at:%Y-%m-%d %H:%M}"


class ContentImport(OnAccount):
    """One uploaded file on its way into an account.

    `summary` says what the file is and what it would do (while somebody looks at that) or did: see
    `imports.outcome`.
    """

    status = models.CharField(max_length=16, default="queued", editable=False)
    file = models.FileField(upload_to="imports/%Y/%m", max_length=300, blank=True)
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, blank=True)
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    posts_created = models.PositiveIntegerField(default=0)
    posts_updated = models.PositiveIntegerField(default=0)
    posts_unchanged = models.PositiveIntegerField(default=0)
    left_out = models.JSONField(default=dict)
    summary = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    rung_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("import")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=list(IMPORT.statuses)), name="content_import_status_known"
            ),
            models.CheckConstraint(
                condition=Q(rows_done__lte=F("rows_total")), name="content_import_progress_bounded"
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

"""Who works here and for whom: workspaces, people and their roles, brands, TikTok accounts, API keys."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from tiktok_ops.accounts.roles import Role
from tiktok_ops.accounts.scope import AccountQuerySet, MembershipQuerySet, ScopedQuerySet
from tiktok_ops.ids import new_id
from tiktok_ops.time_zones import check_time_zone

handle_pattern = RegexValidator(
    r"^[A-Za-z0-9_.]{2,24}$",
    _("A handle has 2 to 24 letters, digits, points or underscores, without the @."),
)


class User(AbstractUser):
    """A person who signs in. What they may do is in their memberships, never in Django's groups."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class Workspace(models.Model):
    """A team with its brands and accounts; nothing crosses from one workspace to another."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[ScopedQuerySet["Workspace"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = ""

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class Brand(models.Model):
    """A brand: what it sounds like and what it must never claim."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="brands")
    name = models.CharField(max_length=120)
    voice = models.TextField(blank=True, help_text=_("How the brand speaks, in a few sentences."))
    guidelines = models.TextField(blank=True, help_text=_("What drafts must follow."))
    banned_claims = ArrayField(
        models.CharField(max_length=200),
        default=list,
        blank=True,
        help_text=_("Phrases that must never appear, separated by commas."),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[ScopedQuerySet["Brand"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "workspace"
    brand_path: ClassVar[str] = "id"

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="brand_name_once")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person's role in a workspace: for all of it, or for named brands only."""

    class Reach(models.TextChoices):
        """How far the role reaches."""

        WORKSPACE = "workspace", _("The whole workspace")
        BRANDS = "brands", _("Named brands only")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=[(role.value, role.value.title()) for role in Role])
    # Stated rather than read off an empty list of brands: a brand that is deleted must narrow a
    # membership to nothing, never widen it to the whole workspace.
    reach = models.CharField(max_length=16, choices=Reach, default=Reach.WORKSPACE)
    brands = models.ManyToManyField(Brand, blank=True, related_name="memberships")

    objects: ClassVar[MembershipQuerySet] = MembershipQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "workspace"

    class Meta:
        ordering = ["user__username", "role"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user", "role"], name="membership_role_once"),
            models.CheckConstraint(
                condition=Q(role__in=[role.value for role in Role]), name="membership_role_known"
            ),
            models.CheckConstraint(
                condition=Q(reach__in=["workspace", "brands"]), name="membership_reach_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"


class TikTokAccount(models.Model):
    """A TikTok account: the team's own, or a third party's that is only read about."""

    class Ownership(models.TextChoices):
        """Whose account it is."""

        OWN = "own", _("Our own")
        THIRD_PARTY = "third_party", _("Third party")

    class Mode(models.TextChoices):
        """Whether outward acts reach TikTok or its sandbox."""

        SANDBOX = "sandbox", _("Sandbox")
        LIVE = "live", _("Live")

    class Delivery(models.TextChoices):
        """How an approved post gets onto the account."""

        DIRECT = "direct", _("Posted by us")
        INBOX = "inbox", _("A draft in the TikTok app")
        BY_HAND = "by_hand", _("Posted by a person")

    class Source(models.TextChoices):
        """Where the account's posts come from."""

        NONE = "none", _("Nothing yet")
        FILE = "file", _("An imported file")
        SYNC = "sync", _("TikTok")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="accounts")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, null=True, blank=True, related_name="accounts")
    handle = models.CharField(max_length=24, validators=[handle_pattern])
    ownership = models.CharField(max_length=16, choices=Ownership, default=Ownership.OWN)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[check_time_zone])
    locale = models.CharField(max_length=16, default="en")
    mode = models.CharField(max_length=16, choices=Mode, default=Mode.SANDBOX)
    delivery = models.CharField(max_length=16, choices=Delivery, default=Delivery.BY_HAND)
    data_source = models.CharField(max_length=16, choices=Source, default=Source.NONE, editable=False)
    data_as_of = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[AccountQuerySet] = AccountQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "workspace"
    brand_path: ClassVar[str] = "brand"

    class Meta:
        verbose_name = _("TikTok account")
        ordering = ["handle", "id"]
        constraints = [
            models.UniqueConstraint("workspace", Lower("handle"), name="account_handle_once"),
            models.CheckConstraint(
                condition=~Q(ownership="third_party", mode="live"), name="account_live_is_own"
            ),
            models.CheckConstraint(condition=Q(mode__in=["sandbox", "live"]), name="account_mode_known"),
            models.CheckConstraint(
                condition=Q(delivery__in=["direct", "inbox", "by_hand"]), name="account_delivery_known"
            ),
            models.CheckConstraint(
                condition=Q(ownership__in=["own", "third_party"]), name="account_ownership_known"
            ),
            models.CheckConstraint(
                condition=Q(data_source="none", data_as_of__isnull=True) | ~Q(data_source="none"),
                name="account_data_has_source",
            ),
        ]

    def __str__(self) -> str:
        return f"@{self.handle}"


class ApiKey(models.Model):
    """A key an integrator signs in with: only its prefix and the SHA-256 of its secret are kept.

    `acts_for` is the person its decisions are; it never changes (a trigger refuses that).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="api_keys")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, null=True, blank=True)
    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=16, unique=True, editable=False)
    secret_digest = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(models.CharField(max_length=40), default=list)
    acts_for = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    is_sandbox_only = models.BooleanField(default=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[ScopedQuerySet["ApiKey"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "workspace"
    brand_path: ClassVar[str] = "brand"

    class Meta:
        verbose_name = _("API key")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("created_at")),
                name="api_key_expires_later",
            ),
            # A decision is somebody's own.
            models.CheckConstraint(
                condition=~Q(scopes__contains=["approvals:decide"]) | Q(acts_for__isnull=False),
                name="api_key_decides_for_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class IdempotencyKey(models.Model):
    """A write that a key or a person asked for under a name of their own, and how it was answered.

    The answer is kept as the text that was sent, so that whoever asks again reads the very same.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, null=True, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    key = models.CharField(max_length=200)
    request_digest = models.CharField(max_length=64)
    response_status = models.PositiveSmallIntegerField(default=0)
    response_body = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["api_key", "user", "key"], name="idempotency_key_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(api_key__isnull=True, user__isnull=False)
                | Q(api_key__isnull=False, user__isnull=True),
                name="idempotency_key_of_one",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_by_age")]

    def __str__(self) -> str:
        return self.key


class RateWindow(models.Model):
    """How often somebody asked within the minute that `started_at` began.

    The table is unlogged: writing it costs little, and a crash of the database forgets it.
    """

    bucket = models.CharField(max_length=120, primary_key=True)
    started_at = models.DateTimeField()
    hits = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(hits__gte=1), name="rate_window_was_hit")]

    def __str__(self) -> str:
        return f"{self.bucket}: {self.hits}"

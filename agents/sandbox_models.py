"""What the sandboxes know: TikTok's creators, posts and requests; the studio's jobs; Claude's questions and batches.

These rows stand for a world outside: no row of ours points at them, and only `agents.sandbox.tiktok`
writes TikTok's, on connections of its own, only `agents.sandbox.studio` the studio's, and only
`agents.sandbox.claude_log` and `claude_batches` Claude's.
"""

import secrets

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from tiktok_ops.ids import new_id

ALL_SCOPES = (
    "user.info.basic",
    "user.info.profile",
    "user.info.stats",
    "video.list",
    "video.upload",
    "video.publish",
    "user.insights",
    "video.insights",
    "comment.list",
    "comment.list.manage",
    # TikTok names what an app may do with ads by numbers; these words are ours.
    "ads.read",
    "ads.manage",
    "discovery.read",
    "seller.authorization.info",
    "seller.product.basic",
    "seller.product.write",
    "seller.order.info",
    "seller.creator_marketplace.read",
    "seller.affiliate_collaboration.read",
    "seller.affiliate_messages.write",
)
PUBLIC_ACCOUNT_OPTIONS = ("PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY")


def all_scopes() -> list[str]:
    """Return what a creator grants unless a row says otherwise."""
    return list(ALL_SCOPES)


def public_account_options() -> list[str]:
    """Return the privacy levels of a public account."""
    return list(PUBLIC_ACCOUNT_OPTIONS)


class SandboxCreator(models.Model):
    """An account of the sandbox TikTok, made when its first request arrives.

    `posting_refusal` is the code every attempt to post is refused with, if any; `unaudited…` still
    allows `SELF_ONLY`. `pull_seconds` pass before photos are pulled.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    username = models.CharField(max_length=24, unique=True)
    display_name = models.CharField(max_length=60, blank=True)
    bio_description = models.CharField(max_length=200, blank=True)
    follower_count = models.PositiveBigIntegerField(default=0)
    following_count = models.PositiveBigIntegerField(default=0)
    likes_count = models.PositiveBigIntegerField(default=0)
    scopes = ArrayField(models.CharField(max_length=40), default=all_scopes, blank=True)
    privacy_level_options = ArrayField(models.CharField(max_length=40), default=public_account_options)
    comment_disabled = models.BooleanField(default=False)
    duet_disabled = models.BooleanField(default=False)
    stitch_disabled = models.BooleanField(default=False)
    max_duration_seconds = models.PositiveIntegerField(default=600)
    pull_seconds = models.FloatField(default=0)
    posting_refusal = models.CharField(max_length=80, blank=True)

    def __str__(self) -> str:
        return f"@{self.username}"


class SandboxPost(models.Model):
    """One publish id, from its init on; a post exists once its bytes are complete.

    Photos are pulled from `photo_urls` at `pull_at`; until then their size is not known and said to be 1.

    Where it is follows from these times and the database's clock, so nothing has to move it on.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    creator = models.ForeignKey(SandboxCreator, on_delete=models.PROTECT, related_name="posts")
    publish_id = models.CharField(max_length=64, unique=True)
    upload_id = models.CharField(max_length=32, unique=True)
    upload_token_digest = models.CharField(max_length=64)
    post_info = models.JSONField()
    photo_urls = ArrayField(models.CharField(max_length=500), default=list, blank=True)
    pull_at = models.DateTimeField(null=True)
    video_size = models.PositiveBigIntegerField()
    chunk_size = models.PositiveBigIntegerField()
    total_chunk_count = models.PositiveIntegerField()
    uploaded_bytes = models.PositiveBigIntegerField(default=0)
    chunk_digests = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    begun_at = models.DateTimeField()
    upload_expires_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    public_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    post_id = models.PositiveBigIntegerField(unique=True, null=True)
    fail_reason = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["begun_at", "id"]
        indexes = [
            models.Index(
                fields=["pull_at"], name="sandbox_pull_due", condition=Q(completed_at=None, cancelled_at=None)
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(completed_at__isnull=True, uploaded_bytes__lt=F("video_size"))
                | Q(completed_at__isnull=False, uploaded_bytes=F("video_size")),
                name="sandbox_post_complete_has_all_bytes",
            ),
            models.CheckConstraint(
                condition=Q(
                    completed_at__isnull=True,
                    published_at__isnull=True,
                    public_at__isnull=True,
                    post_id__isnull=True,
                )
                | Q(completed_at__isnull=False, published_at__isnull=False, post_id__isnull=False),
                name="sandbox_post_exists_when_complete",
            ),
        ]

    def __str__(self) -> str:
        return self.publish_id


class SandboxRecord(models.Model):
    """One thing the sandbox TikTok's world is made of: a video, a comment, a product, a campaign …

    `kind` says what `data` is, in the wire's shape; `agents.sandbox.tiktok.records` defines every kind and
    is the only writer. `owner` is the username it belongs to, or what else narrows it down; `at` is when it
    came to be, so that nothing is seen before its time.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=20)
    owner = models.CharField(max_length=64, blank=True)
    key = models.CharField(max_length=100)
    data = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["kind", "owner", "at"], name="sandbox_record_by_time")]
        constraints = [
            models.UniqueConstraint(fields=["kind", "owner", "key"], name="sandbox_record_once"),
            models.CheckConstraint(condition=~Q(kind="") & ~Q(key=""), name="sandbox_record_is_named"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class SandboxRequest(models.Model):
    """One request the sandbox TikTok was sent. Append-only: the oracle of what really left.

    `outcome` is what TikTok did (`ok`, an error code, or the status of an upload), empty where a fault
    kept the request from it. `fault` is what went wrong with the request or its answer. `status` is
    None where no answer went back.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField(db_default=Now())
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=200)
    operation = models.CharField(max_length=20, blank=True)
    username = models.CharField(max_length=24, blank=True)
    token_digest = models.CharField(max_length=64, blank=True)
    publish_id = models.CharField(max_length=64, blank=True)
    bytes_received = models.PositiveBigIntegerField(default=0)
    status = models.PositiveIntegerField(null=True)
    outcome = models.CharField(max_length=80, blank=True)
    fault = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["token_digest", "operation", "at"], name="sandbox_request_rate")]

    def __str__(self) -> str:
        return f"{self.method} {self.path}: {self.outcome or self.fault}"


def new_job_id() -> str:
    """Return a fresh id of a studio's job."""
    return f"job_{secrets.token_hex(12)}"


class SandboxStudioJob(models.Model):
    """One job of the sandbox studio: one for each key, however often it is submitted.

    How it is follows from `done_at` and the database's clock. `callbacks_left` is how many of its callbacks
    nobody took yet; the next is sent at `callback_at`, and `callback_tries` counts those that were sent.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    job_id = models.CharField(max_length=64, unique=True, default=new_job_id)
    key = models.CharField(max_length=80, unique=True)
    prompt = models.TextField()
    seconds = models.FloatField()
    callback_url = models.CharField(max_length=300, blank=True)
    submissions = models.PositiveIntegerField(default=0)
    begun_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField()
    fail_reason = models.CharField(max_length=200, blank=True)
    callbacks_left = models.PositiveIntegerField(default=1)
    callback_at = models.DateTimeField()
    callback_tries = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["begun_at", "id"]
        indexes = [
            models.Index(
                fields=["callback_at"], name="sandbox_callback_due", condition=Q(callbacks_left__gt=0)
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(callback_at__gte=F("done_at")), name="sandbox_callback_after_the_job"
            )
        ]

    def __str__(self) -> str:
        return self.job_id


def new_batch_id() -> str:
    """Return a fresh id of a batch."""
    return f"msgbatch_{secrets.token_hex(12)}"


class SandboxBatch(models.Model):
    """One batch of the sandbox Claude.

    How it is follows from its times and the database's clock. `fate` is what goes wrong with its requests.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    batch_id = models.CharField(max_length=64, unique=True, default=new_batch_id)
    requests = models.JSONField()
    created_at = models.DateTimeField()
    done_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)
    fate = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at__gte=F("created_at")), name="sandbox_batch_done_after_it_began"
            )
        ]

    def __str__(self) -> str:
        return self.batch_id


class SandboxQuestion(models.Model):
    """One question the sandbox Claude was sent, with what it took by its own count. Append-only.

    `operation` is `messages`, `count_tokens` or `batch`; only answers that were paid for have tokens. `status`
    is None where no answer went back. A text is kept as it came, but for what PostgreSQL cannot keep; its
    digest is of the text as sent.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField(db_default=Now())
    operation = models.CharField(max_length=20)
    request_id = models.CharField(max_length=120)
    model = models.CharField(max_length=80)
    batch_id = models.CharField(max_length=64, blank=True)
    custom_id = models.CharField(max_length=64, blank=True)
    status = models.PositiveIntegerField(null=True)
    fault = models.CharField(max_length=20, blank=True)
    cache_ttl = models.CharField(max_length=4, blank=True)
    system = models.TextField(blank=True)
    system_sha256 = models.CharField(max_length=64)
    user = models.TextField(blank=True)
    user_sha256 = models.CharField(max_length=64)
    input_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    cache_read_tokens = models.PositiveBigIntegerField(default=0)
    cache_write_5m_tokens = models.PositiveBigIntegerField(default=0)
    cache_write_1h_tokens = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["at", "id"]
        indexes = [
            models.Index(fields=["system_sha256", "at"], name="sandbox_question_cache"),
            models.Index(fields=["batch_id", "custom_id"], name="sandbox_question_batch"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.request_id}"

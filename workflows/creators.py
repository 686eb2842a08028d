"""What an account's creator may do on TikTok now, for the forms of posts: asked, and kept for minutes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, get_args, runtime_checkable

from django.core.cache import cache

from agents.providers.errors import ProviderError, ProviderMisconfigured
from agents.providers.media import LONGEST_SECONDS
from agents.providers.registry import get_provider
from agents.providers.tiktok.access import speaking_for
from tiktok_ops.accounts.models import TikTokAccount
from workflows.approval_kinds import PrivacyLevel

if TYPE_CHECKING:
    from agents.providers.tiktok.read.posting import CreatorInfo, PostingReader

LEVELS: tuple[str, ...] = get_args(PrivacyLevel)
KEPT_SECONDS = 180
ASK_TIMEOUT_SECONDS = 5.0
ACTOR = "the form of a post"


@runtime_checkable
class ReadsPosting(Protocol):
    """A provider that can be asked about posting; its module is the registry's to import."""

    @property
    def posting(self) -> "PostingReader":
        """Return what reads the state of posting."""


@dataclass(frozen=True, slots=True)
class Creator:
    """What the creator may do, as TikTok said a few minutes ago at most.

    Where TikTok was not asked or did not answer everything is open, and `note` says so in a sentence.
    """

    nickname: str
    levels: tuple[str, ...] = LEVELS
    comment_disabled: bool = False
    duet_disabled: bool = False
    stitch_disabled: bool = False
    max_duration_seconds: float = LONGEST_SECONDS
    note: str = ""


def creator_of(account: TikTokAccount) -> Creator:
    """Return what the account's creator may do now.

    TikTok is asked, at most every three minutes, about accounts we post to ourselves; it has 20 calls a
    minute for each. What a person posts by hand is for the TikTok app to allow.
    """
    unknown = f"@{account.handle}"
    if account.delivery != TikTokAccount.Delivery.DIRECT:
        return Creator(unknown)
    try:
        info = _asked(account)
    except ProviderError as problem:
        return Creator(
            unknown,
            note=f"TikTok could not be asked what this account may do, so everything is open here: {problem}",
        )
    return Creator(
        nickname=info.nickname,
        levels=tuple(level for level in LEVELS if level in info.privacy_level_options),
        comment_disabled=info.comment_disabled,
        duet_disabled=info.duet_disabled,
        stitch_disabled=info.stitch_disabled,
        max_duration_seconds=info.max_duration_seconds,
    )


def _asked(account: TikTokAccount) -> "CreatorInfo":
    """Return TikTok's answer, fresh or from the last minutes; raises `ProviderError`, which is not kept."""
    key = f"creator_info:{account.id}:{account.mode}:{account.handle}"
    info: CreatorInfo | None = cache.get(key)
    if info is None:
        with speaking_for(account=account, mode=account.mode, by=ACTOR) as token:
            info = _reader().creator_info(token=token, timeout_seconds=ASK_TIMEOUT_SECONDS)
        cache.set(key, info, KEPT_SECONDS)
    return info


def _reader() -> "PostingReader":
    provider = get_provider("tiktok")
    if not isinstance(provider, ReadsPosting):
        raise ProviderMisconfigured(
            f"PROVIDERS['tiktok']['BACKEND'] is {type(provider).__qualname__!r}, which is not TikTok; name a "
            "TikTok provider."
        )
    return provider.posting

"""Where a file goes when it is imported by hand: the account by its handle, made when there is none."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError

from tiktok_ops.accounts.models import TikTokAccount, User, Workspace, handle_pattern
from tiktok_ops.audit.services import record
from tiktok_ops.content.imports.problems import listed
from tiktok_ops.content.imports.rows import fold_handle
from tiktok_ops.errors import Refused

DEFAULT_NAME = "Default"
DEFAULT_SLUG = "default"


class DestinationRefused(Refused):
    """There is no such place to import to."""


@dataclass(frozen=True, slots=True)
class Destination:
    """The account to import into, and a sentence for each thing made on the way."""

    account: TikTokAccount
    news: tuple[str, ...]


def find_or_make_destination(*, handle: str, workspace_slug: str | None, by: User | str) -> Destination:
    """Return the account `handle` in the workspace, which may be left out when there is at most one.

    A missing account is made as a third party's; if there is no workspace at all, one named "Default".
    To be called in the transaction of the import, so that a refused file makes nothing.
    Raises `DestinationRefused` with one sentence.
    """
    folded = fold_handle(handle)
    try:
        handle_pattern(folded)
    except ValidationError as error:
        raise DestinationRefused(f"The handle {handle!r} cannot be one: {error.message}") from error
    workspace, is_new_workspace = _workspace(workspace_slug, by)
    account, is_new_account = TikTokAccount.objects.get_or_create(
        workspace=workspace,
        handle__iexact=folded,
        defaults={"handle": folded, "ownership": TikTokAccount.Ownership.THIRD_PARTY},
    )
    news = [f"Made the workspace {workspace.slug!r}, for there was none."] if is_new_workspace else []
    if is_new_account:
        record("account.created", by=by, subject=account, workspace_id=workspace.id)
        news.append(f"Added {account} to the workspace {workspace.slug!r} as a third party's account.")
    return Destination(account, tuple(news))


def _workspace(slug: str | None, by: User | str) -> tuple[Workspace, bool]:
    """Return the workspace, and whether it was made just now."""
    slugs = list(Workspace.objects.order_by("slug").values_list("slug", flat=True))
    if slug is not None and slug not in slugs:
        there = f"there are {listed(slugs)}" if slugs else "there is none yet: leave --workspace out"
        raise DestinationRefused(f"There is no workspace {slug!r}; {there}.")
    if slug is None and len(slugs) > 1:
        raise DestinationRefused(
            f"There is more than one workspace ({listed(slugs)}): name one with --workspace."
        )
    if slugs:
        return Workspace.objects.get(slug=slug or slugs[0]), False
    workspace, is_new = Workspace.objects.get_or_create(slug=DEFAULT_SLUG, defaults={"name": DEFAULT_NAME})
    if is_new:
        record("workspace.created", by=by, subject=workspace, workspace_id=workspace.id)
    return workspace, is_new

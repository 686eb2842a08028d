"""The limits TikTok puts an account under: it says so where it is asked what the creator may do now."""

from agents.providers.errors import AccessRefused, ProviderRejected
from agents.sync.session import Session
from tiktok_ops.content.flags import is_policy_code

NO_SCOPE = frozenset({"scope_not_authorized", "scope_permission_missed"})
"""TikTok's codes where the account's owner let us read, but not post."""


def limits_of(session: Session) -> tuple[str, ...] | None:
    """Return TikTok's codes of the limits the account is under now; None where its owner does not let us post.

    Raises the reader's other errors.
    """
    session.holding()
    try:
        session.tiktok.posting.creator_info(token=session.access.token)
    except AccessRefused as refused:
        if refused.code not in NO_SCOPE:
            raise
        return None
    except ProviderRejected as refused:
        if not is_policy_code(refused.code):
            raise
        return (refused.code,)
    return ()

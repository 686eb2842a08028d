"""What is remembered, and prompts it is told with."""

from typing import Any

from agents.memory.models import MemoryItem
from agents.memory.services import About, accept, propose
from tests.factories.accounts import person
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role


def lesson_of(account: TikTokAccount, *, text: str = "Never say it is cheap.", **changes: Any) -> MemoryItem:
    """Return a proposed lesson for the account's brand, in the account's language."""
    values: dict[str, Any] = {
        "about": About.brand_or_account(account),
        "kind": "lesson",
        "locale": account.locale,
    }
    item = propose(text=text, by="a test", **(values | changes))
    assert item is not None
    return item


def accepted(account: TikTokAccount, text: str, **changes: Any) -> MemoryItem:
    """Return something an approver accepted."""
    item = lesson_of(account, text=text, **changes)
    return accept(item_id=item.id, by=person(account.workspace, Role.APPROVER))

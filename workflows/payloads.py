"""What every approved act on an account says, beside what it is: which account, and how it is reached."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator

from agents.contract import Typed
from tiktok_ops.errors import Refused


class ActImpossible(Refused):
    """This cannot be done on that account."""


class Act(Typed):
    """An act on an account through TikTok's API.

    How the account's posts are delivered does not concern it: an API call is never made by hand, so
    `delivery` is always "direct".
    """

    account: UUID
    handle: str
    mode: Literal["sandbox", "live"]
    delivery: Annotated[Literal["direct"], BeforeValidator(lambda given: "direct")] = "direct"

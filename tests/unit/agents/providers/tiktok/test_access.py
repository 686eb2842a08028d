"""With which token we speak for an account."""

import pytest

from agents.providers.errors import AccessRefused
from agents.providers.tiktok.access import access_token
from agents.sandbox.tiktok.wire import username_of


def test_access_token_of_a_sandbox_account_is_one_the_sandbox_knows() -> None:
    assert username_of(access_token(handle="lumen.lamps", mode="sandbox")) == "lumen.lamps"


def test_access_token_of_a_live_account_says_that_it_is_not_connected() -> None:
    with pytest.raises(AccessRefused, match=r"@lumen.lamps is not connected to TikTok: connect it") as caught:
        access_token(handle="lumen.lamps", mode="live")
    assert caught.value.may_have_acted is False

"""Leaving a dialog, and telling the person what came of it."""

from collections.abc import Callable
from typing import NoReturn

import pytest
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.test import RequestFactory

from tiktok_ops.dialogs import act_and_tell, go_to
from tiktok_ops.errors import Refused


def test_go_on_from_a_dialog_tells_htmx_where_to() -> None:
    answer = go_to(RequestFactory().post("/", headers={"HX-Request": "true"}), "/there/")
    assert answer.status_code == 200
    assert answer["HX-Redirect"] == "/there/"
    assert answer.content == b""


def test_go_on_from_a_plain_form_redirects() -> None:
    answer = go_to(RequestFactory().post("/"), "/there/")
    assert answer.status_code == 302
    assert answer["Location"] == "/there/"


def _refuse() -> NoReturn:
    raise Refused("It is over already.")


@pytest.mark.parametrize(
    ("act", "said"), [(lambda: 7, ("success", "7 are reset.")), (_refuse, ("error", "It is over already."))]
)
def test_act_and_tell_says_what_came_of_it_and_leads_on(act: Callable[[], object], said: object) -> None:
    request = RequestFactory().post("/")
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]
    answer = act_and_tell(request, act, done=lambda count: f"{count} are reset.", url="/there/")
    assert answer["Location"] == "/there/"
    assert [(each.level_tag, str(each)) for each in get_messages(request)] == [said]

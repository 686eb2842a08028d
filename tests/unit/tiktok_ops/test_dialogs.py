"""Leaving a dialog."""

from django.test import RequestFactory

from tiktok_ops.dialogs import go_to


def test_go_on_from_a_dialog_tells_htmx_where_to() -> None:
    answer = go_to(RequestFactory().post("/", headers={"HX-Request": "true"}), "/there/")
    assert answer.status_code == 200
    assert answer["HX-Redirect"] == "/there/"
    assert answer.content == b""


def test_go_on_from_a_plain_form_redirects() -> None:
    answer = go_to(RequestFactory().post("/"), "/there/")
    assert answer.status_code == 302
    assert answer["Location"] == "/there/"

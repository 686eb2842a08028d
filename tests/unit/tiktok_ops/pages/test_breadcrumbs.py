"""The way to a page: in the words of the sidebar, without the names of apps."""

import re

import pytest

from tests.factories.pages import make_world
from tiktok_ops.navigation import page_titles
from tiktok_ops.templatetags.breadcrumbs import as_in_sidebar

ACCOUNTS = "/admin/accounts/tiktokaccount/"


def test_way_to_a_list_is_what_the_sidebar_calls_it() -> None:
    parts = [
        {"link": "/admin/content/", "title": "Content"},
        {"link": "/admin/content/asset/", "title": "assets"},
    ]
    assert as_in_sidebar(parts) == [{"link": "/admin/content/asset/", "title": "Media"}]


def test_way_to_a_row_keeps_its_name() -> None:
    parts = [
        {"link": "/admin/accounts/", "title": "Accounts"},
        {"link": ACCOUNTS, "title": "TikTok accounts"},
        {"link": f"{ACCOUNTS}1/change/", "title": "@lumen"},
    ]
    assert [part["title"] for part in as_in_sidebar(parts)] == ["Accounts", "@lumen"]


@pytest.mark.parametrize("parts", [[], [{"title": "Welcome Ana"}]])
def test_way_to_the_first_page_stays_as_it_is(parts: list[dict[str, str]]) -> None:
    assert as_in_sidebar(parts) == parts


def test_every_page_of_the_sidebar_has_one_name() -> None:
    titles = page_titles()
    assert titles[ACCOUNTS] == "Accounts"
    assert len(set(titles.values())) == len(titles)


@pytest.mark.django_db
def test_heading_of_a_page_beside_a_list_ends_with_its_own_name() -> None:
    page = make_world().client("operator").get("/admin/workflows/batch/start/").content.decode()
    heading = page.partition("<h1")[2].partition("</h1>")[0]
    assert re.findall(r"<a [^>]*>\s*(.*?)\s*</a>", heading) == ["Batches", "Start a batch"]


@pytest.mark.django_db
def test_heading_of_a_list_is_its_name_in_the_sidebar() -> None:
    page = make_world().client("viewer").get("/admin/approvals/approvalrequest/").content.decode()
    heading = page.partition("<h1")[2].partition("</h1>")[0]
    assert re.findall(r"<a [^>]*>\s*(.*?)\s*</a>", heading)[:1] == ["Needs review"]

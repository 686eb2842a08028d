"""The pages of the stop switch, and the red banner on all the others."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from django.urls import reverse

from tests.factories.accounts import AccountFactory, BrandFactory, UserFactory, WorkspaceFactory
from tests.factories.pages import World, make_world
from tests.factories.stops import WHY, stop, stop_of
from tiktok_ops import badges
from tiktok_ops.badges import MOST_NOTICES, register_notices
from tiktok_ops.cells import visible
from workflows.catalogue import WORKFLOWS
from workflows.models import StopSwitch
from workflows.stop_switch import Target, release, sentence_of
from workflows.stop_switch_pages.banner import find_stops
from workflows.stop_switch_pages.forms import targets_of

pytestmark = pytest.mark.django_db

LIST = "/admin/workflows/stopswitch/"
ENGAGE = f"{LIST}engage/"
BANNER = '<p class="ops-banner" role="alert">'


@pytest.fixture
def world() -> World:
    return make_world()


def banners(client: Client, url: str = "/admin/") -> int:
    """Return how many banners a page shows."""
    return client.get(url).text.count(BANNER)


def release_url(engaged: StopSwitch) -> str:
    return reverse("admin:workflows_stopswitch_release", args=[engaged.id])


# The banner -----------------------------------------------------------------------------------------


def test_banner_is_on_every_kind_of_page_while_something_is_stopped(world: World) -> None:
    engaged = stop_of(world.account)
    client = world.client("viewer")
    account = reverse("admin:accounts_tiktokaccount_change", args=[world.account.id])
    for url in ("/admin/", LIST, "/admin/workflows/workflowrun/", account):
        page = client.get(url).text
        assert page.count(BANNER) == 1, url
        assert "is stopped since" in page
        assert WHY.replace("'", "&#x27;") in page
        assert f"{LIST}{engaged.id}/change/" in page

    release(stop_id=engaged.id, by="a test")

    assert banners(client) == 0


def test_banner_is_for_those_it_concerns_and_nobody_else(world: World) -> None:
    stop_of(world.account)
    shown = {
        name: banners(world.client(name)) for name in ("owner", "client", "superuser", "stranger", "nobody")
    }
    assert shown == {"owner": 1, "client": 1, "superuser": 1, "stranger": 0, "nobody": 0}
    stop()
    assert banners(world.client("stranger")) == 1


def test_banner_is_not_for_whoever_is_not_signed_in() -> None:
    stop()
    assert BANNER not in Client().get("/admin/login/").text
    request = RequestFactory().get("/admin/")
    assert badges.notices(request)["ops_notices"]() == []
    request.user = AnonymousUser()
    assert badges.notices(request)["ops_notices"]() == []


def test_banner_shows_the_widest_first_and_counts_the_rest(world: World) -> None:
    for _ in range(MOST_NOTICES + 2):
        stop_of(AccountFactory.create(workspace=world.workspace))
    everything = stop()
    page = world.client("owner").get("/admin/").text
    assert page.count(BANNER) == MOST_NOTICES + 1
    assert "And 3 more." in page
    assert find_stops(world.people["owner"])[0].text == sentence_of(everything)


def test_banner_writes_out_what_cannot_be_seen(world: World) -> None:
    engaged = stop(reason="Look \u202eaway <b>")
    [notice] = find_stops(world.people["owner"])
    assert notice.text == visible(sentence_of(engaged))
    page = world.client("owner").get("/admin/").text
    assert "\u202e" not in page
    assert "away <b>" not in page


def test_register_notices_twice_is_refused() -> None:
    before = list(badges._finders)
    with pytest.raises(ValueError, match="registered twice"):
        register_notices(before[0])
    assert badges._finders == before


# Engaging -------------------------------------------------------------------------------------------


def test_list_has_the_big_button_for_whoever_may_stop_anything(world: World) -> None:
    offered = {
        name: ENGAGE in world.client(name).get(LIST).text for name in sorted(world.people) if name != "nobody"
    }
    assert {name for name, is_offered in offered.items() if is_offered} == {
        *("client", "owner", "stranger", "superuser")
    }


def test_page_that_stops_offers_what_is_theirs_and_nothing_else(world: World) -> None:
    account, workspace = world.account, world.workspace
    AccountFactory.create()
    owner = set(targets_of(world.people["owner"]))
    workflows = {f"workflow:{slug}:{workspace.id}" for slug in WORKFLOWS}
    theirs = {f"brand:{account.brand_id}", f"account:{account.id}"}
    assert owner == {f"workspace:{workspace.id}", *theirs, *workflows}
    assert set(targets_of(world.people["client"])) == theirs
    assert targets_of(world.people["viewer"]) == {}
    everything = set(targets_of(world.people["superuser"]))
    assert everything > owner | {"everything", "workflow:own_post:"}


@pytest.mark.parametrize(
    ("what", "workflow"),
    [("everything", ""), ("workspace:{workspace}", ""), ("workflow:own_post:", "own_post")],
)
def test_stop_on_the_page_stops_it_and_says_so(world: World, what: str, workflow: str) -> None:
    client = world.client("superuser")
    chosen = what.format(workspace=world.workspace.id)
    assert f'<option value="{chosen}" selected>' in client.get(ENGAGE, {"what": chosen}).text
    answer = client.post(ENGAGE, {"what": chosen, "reason": WHY}, follow=True)
    engaged = StopSwitch.objects.get()
    assert f"{engaged.what} is stopped: nothing more begins to leave." in answer.text
    assert (engaged.engaged_by, engaged.workflow) == (f"user:{world.people['superuser']}", workflow)
    assert engaged.scope == what.partition(":")[0]


def test_stop_on_the_page_what_is_anothers_is_refused(world: World) -> None:
    foreign = AccountFactory.create()
    for what in ("everything", f"account:{foreign.id}", f"brand:{BrandFactory.create().id}", "nonsense", ""):
        answer = world.client("owner").post(ENGAGE, {"what": what, "reason": WHY})
        assert answer.status_code == 200
        assert answer.context["form"].errors["what"], what
    assert world.client("viewer").post(ENGAGE, {"what": "everything", "reason": WHY}).status_code == 403
    assert world.client("viewer").get(ENGAGE).status_code == 403
    assert not StopSwitch.objects.exists()


def test_stop_on_the_page_without_a_reason_or_twice_says_what_is_wrong(world: World) -> None:
    client, what = world.client("owner"), f"account:{world.account.id}"
    assert "Say why" in client.post(ENGAGE, {"what": what, "reason": " "}).text
    stop_of(world.account)
    answer = client.post(ENGAGE, {"what": what, "reason": WHY})
    assert "is stopped already: release that switch first" in answer.text
    assert StopSwitch.objects.count() == 1


# Releasing ------------------------------------------------------------------------------------------


def test_release_on_its_page_asks_first_and_then_lets_go(world: World) -> None:
    engaged = stop_of(world.account)
    client = world.client("owner")
    assert release_url(engaged) in client.get(f"{LIST}{engaged.id}/change/").text
    assert "Release it now" in client.get(release_url(engaged)).text
    assert StopSwitch.objects.engaged().exists()

    answer = client.post(release_url(engaged), follow=True)

    assert f"{engaged.what} is released: what waited goes on." in answer.text
    assert not StopSwitch.objects.engaged().exists()
    assert "It was released already." in client.get(release_url(engaged)).text
    assert "was released already, by user:" in client.post(release_url(engaged), follow=True).text
    assert release_url(engaged) not in client.get(f"{LIST}{engaged.id}/change/").text


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("viewer", 403),
        ("operator", 403),
        ("stranger", 404),
        ("anonymous", 302),
        ("client", 302),
        ("owner", 302),
    ],
)
def test_release_is_for_whoever_may_stop_it(world: World, name: str, status: int) -> None:
    engaged = stop_of(world.account)
    assert world.client(name).post(release_url(engaged)).status_code == status
    assert StopSwitch.objects.engaged().exists() is (name not in {"client", "owner"})


def test_owner_reads_but_does_not_release_what_stops_everything(world: World) -> None:
    engaged = stop()
    client = world.client("owner")
    page = client.get(f"{LIST}{engaged.id}/change/")
    assert page.status_code == 200
    assert release_url(engaged) not in page.text
    assert client.post(release_url(engaged)).status_code == 403


def test_list_shows_what_was_stopped_and_released_by_whom(world: World) -> None:
    engaged = stop(Target(workspace=world.workspace), by=world.people["owner"])
    release(stop_id=engaged.id, by="the night shift")
    page = world.client("viewer").get(LIST).text
    for shown in (engaged.what, WHY, "released", "the night shift", str(world.people["owner"])):
        assert shown in page


def test_list_without_switches_says_what_one_does() -> None:
    client = Client()
    user: Any = UserFactory.create(is_superuser=True)
    client.force_login(user)
    WorkspaceFactory.create()
    assert "shows a red banner on every page it concerns" in client.get(LIST).text

"""The pages of photo posts: what is asked, and what a person is handed."""

from typing import Any

from django.test import Client
from django.urls import reverse

from tests.factories.accounts import person
from tests.factories.approvals import request_of
from tests.factories.photos import approved_photos, asked_photos
from tests.factories.posting import direct_account, effect_of, work
from tiktok_ops.accounts.roles import Role
from tiktok_ops.content.models import Asset
from workflows.effects.hand_over import settle_by_link
from workflows.models import WorkflowRun


def browser_of(run: WorkflowRun, role: Role) -> Client:
    """Return a browser of somebody in the run's workspace."""
    browser = Client()
    browser.force_login(person(run.workspace, role))
    return browser


def test_open_what_is_asked_shows_every_photo_in_order(tiktok: Any) -> None:
    run = asked_photos(count=2)
    asked = request_of(run)
    address = reverse("admin:approvals_approvalrequest_change", args=[asked.id])
    page = browser_of(run, Role.APPROVER).get(address).content.decode()
    photos = [one["asset"] for one in run.input["photos"]]
    found = [page.index(reverse("admin:content_asset_file", args=[photo])) for photo in photos]
    assert found == sorted(found)
    assert "<video" not in page
    assert "Music Usage Confirmation" in page
    assert "Duet" not in page
    Asset.objects.filter(id=photos[1]).update(sha256="0" * 64)
    page = browser_of(run, Role.APPROVER).get(address).content.decode()
    assert "Not all of these photos are there" in page


def test_open_a_post_handed_over_gives_all_photos_words_and_settings(tiktok: Any) -> None:
    run = work(approved_photos(direct_account(delivery="by_hand"), count=2, cover_index=1))
    effect = effect_of(run)
    address = reverse("admin:workflows_effect_change", args=[effect.id])
    page = browser_of(run, Role.OPERATOR).get(address).content.decode()
    assert "Download photo 1" in page
    assert "Download photo 2" in page
    assert "Photo 2" in page  # the cover
    assert "Allow Duet" not in page
    assert "AI-generated" not in page


def test_close_a_photo_post_with_its_link(tiktok: Any) -> None:
    run = work(approved_photos(direct_account(delivery="by_hand")))
    effect = effect_of(run)
    url = f"https://www.tiktok.com/@{run.account.handle}/photo/7300000000000000000"
    settled = settle_by_link(effect_id=effect.id, by=person(run.workspace, Role.OPERATOR), url=url)
    assert (settled.status, settled.url) == ("confirmed", url)

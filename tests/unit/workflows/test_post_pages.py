"""The pages on which a post is begun: what they offer, what they start, where they say what is amiss."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone
from pytest_django import Settings

from tests.factories.accounts import AccountFactory, BrandFactory
from tests.factories.media import digest_of, stored_video, uploaded, video_bytes
from tests.factories.pages import World, make_world
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.models import Asset
from workflows import forms, post_pages
from workflows.creators import Creator
from workflows.models import WorkflowRun
from workflows.services import RunRefused

RUNNERS = {"operator", "owner", "superuser", "client"}
NEW_POST, DRAFT = "new-post", "draft-a-post"
NOVEMBER = time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=UTC))
BOTH = pytest.mark.parametrize("page", [NEW_POST, DRAFT])


@pytest.fixture(autouse=True)
def _files_elsewhere(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    cache.clear()


@pytest.fixture
def world(db: None) -> World:
    """Return a workspace with everybody in it; its account lives by the clocks of Berlin."""
    world = make_world()
    world.account.time_zone = "Europe/Berlin"
    world.account.save()
    return world


def _address(account: TikTokAccount, page: str = NEW_POST) -> str:
    return f"/admin/accounts/tiktokaccount/{account.pk}/{page}/"


def _open(world: World, page: str = NEW_POST, name: str = "operator") -> Any:
    return world.client(name).get(_address(world.account, page))


def _send(world: World, page: str = NEW_POST, name: str = "operator", **changes: Any) -> Any:
    given = {"privacy_level": "PUBLIC_TO_EVERYONE"}
    given |= {"upload": uploaded(), "caption": "Hello #lamp"} if page == NEW_POST else {}  # type: ignore[dict-item]
    sent = {key: value for key, value in (given | changes).items() if value is not None}
    return world.client(name).post(_address(world.account, page), sent)


def _errors(answer: Any) -> dict[str, list[str]]:
    assert not WorkflowRun.objects.exists()
    return dict(answer.context["form"].errors)


def _creator(monkeypatch: pytest.MonkeyPatch, **facts: Any) -> None:
    monkeypatch.setattr(post_pages, "creator_of", lambda account: Creator(**({"nickname": "Lumen"} | facts)))


def _tomorrow() -> str:
    return f"{timezone.now() + timedelta(days=2):%Y-%m-%d}"


# What is shown --------------------------------------------------------------------------------------


@BOTH
def test_open_page_has_nothing_chosen_and_everything_off(world: World, page: str) -> None:
    form = _open(world, page).context["form"]
    for name, field in form.fields.items():
        assert not field.initial, name
    text = _open(world, page).content.decode()
    assert not re.search(r"<input[^>]* checked[ >]", text)
    for level in ("Everyone", "Friends", "Followers", "Only the creator"):
        assert level in text, level


@BOTH
def test_open_page_shows_whose_it_is_the_clock_and_what_posting_agrees_to(world: World, page: str) -> None:
    text = " ".join(_open(world, page).content.decode().split())
    assert f"@{world.account.handle}" in text
    assert "By the clock in Europe/Berlin" in text
    assert "By posting, you agree to TikTok's" in text
    assert ">Music Usage Confirmation</a>." in text
    assert ">Branded Content Policy</a> and</span>" in text


@BOTH
def test_open_page_of_a_direct_account_offers_what_the_creator_may_do(
    world: World, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    _creator(
        monkeypatch, levels=("FOLLOWER_OF_CREATOR", "SELF_ONLY"), duet_disabled=True, nickname="Lumen & <b>"
    )
    answer = _open(world, page)
    text = answer.content.decode()
    assert "Lumen &amp; &lt;b&gt;" in text
    assert 'value="SELF_ONLY"' in text
    assert 'value="PUBLIC_TO_EVERYONE"' not in text
    fields = answer.context["form"].fields
    assert [fields[f"allow_{name}"].disabled for name in ("comment", "duet", "stitch")] == [
        False,
        True,
        False,
    ]
    assert "Switched off by the creator in the TikTok app." in text


@BOTH
def test_open_page_when_tiktok_cannot_be_asked_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    _creator(monkeypatch, note="TikTok could not be asked.")
    assert "TikTok could not be asked." in _open(world, page).content.decode()


def test_open_new_post_offers_the_videos_the_account_may_use(world: World) -> None:
    mine = stored_video(world.account, b"mine", rights_note="Ours")
    shared = stored_video(world.account, b"shared", brand_id=None)
    stored_video(world.account, b"other", brand_id=BrandFactory.create(workspace=world.workspace).id)
    stored_video(world.account, b"old", rights_expire_at=timezone.now() - timedelta(days=1))
    stored_video(world.account, b"image", media_type="image/jpeg")
    stored_video(AccountFactory.create(), b"theirs")
    choices = dict(_open(world).context["form"].fields["asset"].choices)
    assert {getattr(key, "value", key) for key in choices} == {"", mine.pk, shared.pk}
    assert any(label.startswith("12.4 s, 1080 × 1920 · 0.0 kB · added ") for label in choices.values())
    assert any(label.endswith(" · Ours") for label in choices.values())


def test_open_new_post_offers_a_page_of_videos_at_most(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "MOST_OFFERED", 2)
    for number in range(3):
        newest = stored_video(world.account, f"video {number}".encode())
    choices = list(_open(world).context["form"].fields["asset"].choices)
    assert len(choices) == 3
    assert str(choices[1][0]) == str(newest.pk)


# Who may --------------------------------------------------------------------------------------------


@BOTH
def test_open_page_by_role_answers_or_is_forbidden(world: World, page: str) -> None:
    codes = {name: _open(world, page, name).status_code for name in world.people}
    assert {name for name, code in codes.items() if code == 200} == RUNNERS
    assert set(codes.values()) == {200, 403}


@BOTH
def test_send_page_by_role_starts_or_is_forbidden(world: World, page: str) -> None:
    for name in sorted(world.people):
        _send(world, page, name)
    assert {run.requested_by for run in WorkflowRun.objects.all()} == {world.people[name] for name in RUNNERS}


@BOTH
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ownership": "third_party"}, "which is only read about"),
        ({"delivery": "inbox"}, "takes posts as drafts in the TikTok app"),
    ],
)
def test_open_page_of_an_account_not_posted_to_leads_back_with_the_reason(
    world: World, page: str, changes: dict[str, str], sentence: str
) -> None:
    TikTokAccount.objects.filter(pk=world.account.pk).update(**changes)
    for answer in (
        world.client("operator").get(_address(world.account, page), follow=True),
        world.client("operator").post(_address(world.account, page), {}, follow=True),
    ):
        assert answer.redirect_chain[0][0] == f"/admin/accounts/tiktokaccount/{world.account.pk}/change/"
        assert sentence in answer.content.decode()


# What is started ------------------------------------------------------------------------------------


def test_send_new_post_keeps_the_video_starts_the_run_and_leads_to_it(world: World) -> None:
    answer = _send(world, rights_note="Ours", rights_last_day="2099-12-31", allow_comment="on")
    run, asset = WorkflowRun.objects.get(), Asset.objects.get()
    assert answer["Location"] == f"/admin/workflows/workflowrun/{run.pk}/change/"
    assert asset.sha256 == run.input["asset_sha256"] == digest_of(video_bytes())
    assert (asset.rights_note, f"{asset.rights_expire_at:%Y-%m-%d %H}") == ("Ours", "2100-01-01 00")
    assert (run.input["caption"], run.input["allow_comment"], run.input["allow_duet"]) == (
        "Hello #lamp",
        True,
        False,
    )


def test_send_new_post_with_a_kept_video_uses_it(world: World) -> None:
    asset = stored_video(world.account)
    _send(world, upload=None, asset=str(asset.pk))
    assert WorkflowRun.objects.get().input["asset"] == str(asset.pk)


def test_send_caption_as_browsers_do_counts_a_line_end_once(world: World) -> None:
    _send(world, caption="a\r\n" * 1_100)
    assert WorkflowRun.objects.get().input["caption"] == "a\n" * 1_100


def test_send_draft_starts_the_run_and_leads_to_it(world: World) -> None:
    answer = _send(world, DRAFT, topics=" cold tea,lamps, ,cold tea", duration_seconds="9", allow_duet="on")
    run = WorkflowRun.objects.get()
    assert answer["Location"] == f"/admin/workflows/workflowrun/{run.pk}/change/"
    assert (run.definition.slug, run.input["topics"], run.input["duration_seconds"]) == (
        "post_draft",
        ["cold tea", "lamps"],
        9,
    )
    assert (run.input["allow_duet"], "is_ai_generated" in run.input) == (True, False)


@BOTH
def test_send_slot_is_by_the_accounts_clock(world: World, page: str) -> None:
    with NOVEMBER:
        _send(world, page, day="2027-07-01", time="18:30")
    assert WorkflowRun.objects.get().input["publish_at"] == "2027-07-01T18:30:00+02:00"


@BOTH
@pytest.mark.parametrize(
    ("said", "brand", "partner"),
    [
        ({"discloses": "on", "is_brand_organic": "on"}, True, False),
        ({"discloses": "on", "is_branded_content": "on"}, False, True),
        ({"discloses": "on", "is_brand_organic": "on", "is_branded_content": "on"}, True, True),
        ({"is_brand_organic": "on", "is_branded_content": "on"}, False, False),
        ({}, False, False),
    ],
)
def test_send_disclosure_counts_only_while_it_is_switched_on(
    world: World, page: str, said: dict[str, str], brand: bool, partner: bool
) -> None:
    _send(world, page, **said)
    given = WorkflowRun.objects.get().input
    assert (given["is_brand_organic"], given["is_branded_content"]) == (brand, partner)


def test_send_with_a_switch_the_creator_disabled_leaves_it_off(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _creator(monkeypatch, comment_disabled=True)
    _send(world, allow_comment="on")
    assert WorkflowRun.objects.get().input["allow_comment"] is False


# What is amiss --------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"privacy_level": None}, "privacy_level", "Choose who can see it: nothing is chosen for you."),
        ({"privacy_level": "EVERYBODY"}, "privacy_level", "Select a valid choice."),
        ({"discloses": "on"}, "discloses", "Say what it promotes: your brand, branded content, or both."),
        (
            {"discloses": "on", "is_branded_content": "on", "privacy_level": "SELF_ONLY"},
            "privacy_level",
            "Branded content cannot be for the creator only",
        ),
        ({"day": "2026-11-01", "time": "10:00"}, "day", "is past: choose a later one, or none."),
        ({"day": "2999-11-01", "time": "10:00"}, "day", "is more than a year away"),
        ({"day": "9999-12-31", "time": "23:59"}, "day", "The year is 9999: choose a day within a year"),
        ({"day": "0001-01-01", "time": "00:00"}, "day", "The year is 1: choose a day within a year"),
        ({"day": "soon", "time": "10:00"}, "day", "Enter a valid date."),
        ({"day": "2030-01-01", "time": "25:00"}, "time", "Enter a valid time."),
        ({"time": "10:00"}, "day", "Give the day, too, or leave both empty."),
        ({"day": "2030-01-01"}, "time", "Give the time, too, or leave both empty."),
        (
            {"day": "2027-03-28", "time": "02:30"},
            "time",
            "02:30 on 28 Mar 2027 does not exist in Europe/Berlin",
        ),
    ],
)
def test_send_page_with_something_amiss_says_it_at_the_field(
    world: World, page: str, changes: dict[str, Any], field: str, sentence: str
) -> None:
    answer = _send(world, page, **changes)
    errors = _errors(answer)
    assert list(errors) == [field]
    assert sentence in errors[field][0]
    assert "Nothing was started." in answer.content.decode()


@BOTH
def test_send_slot_shown_twice_asks_which_and_takes_the_answer(world: World, page: str) -> None:
    slot = {"day": "2027-10-31", "time": "02:30"}
    assert 'name="which"' not in _open(world, page).content.decode()
    with NOVEMBER:
        answer = _send(world, page, **slot)
        assert list(_errors(answer)) == ["which"]
        assert 'name="which"' in answer.content.decode()
        assert "the first (UTC+02:00) or the second (UTC+01:00)" in answer.content.decode()
        for which, offset in (("first", "+02:00"), ("second", "+01:00")):
            _send(world, page, which=which, **slot)
            given = WorkflowRun.objects.latest("id").input
            assert given["publish_at"] == f"2027-10-31T02:30:00{offset}"


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"upload": None}, "upload", "Choose a video: upload one, or use one that is kept here."),
        ({"upload": uploaded(b"")}, "upload", "The file is empty; choose a video."),
        ({"upload": uploaded(b"hello", "a.txt")}, "upload", "The file 'a.txt' is no video TikTok takes"),
        ({"caption": "x" * 2_201}, "caption", "The caption is 2,201 UTF-16 units long"),
        ({"upload": None, "asset": "nonsense"}, "asset", "is not a valid"),
        ({"rights_last_day": "2020-01-01"}, "rights_last_day", "which is past"),
    ],
)
def test_send_new_post_with_something_amiss_says_it_at_the_field(
    world: World, changes: dict[str, Any], field: str, sentence: str
) -> None:
    errors = _errors(_send(world, **changes))
    assert list(errors) == [field]
    assert sentence in errors[field][0]


def test_send_new_post_with_two_videos_asks_for_one(world: World) -> None:
    errors = _errors(_send(world, asset=str(stored_video(world.account).pk)))
    assert errors == {"asset": ["Choose one video: upload one, or use one that is kept here."]}


def test_send_new_post_with_a_foreign_video_is_refused_as_no_choice(world: World) -> None:
    foreign = stored_video(AccountFactory.create())
    assert list(_errors(_send(world, upload=None, asset=str(foreign.pk)))) == ["asset"]


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"duration_seconds": "2"}, "duration_seconds", "greater than or equal to 3"),
        ({"duration_seconds": "61"}, "duration_seconds", "less than or equal to 60"),
        ({"duration_seconds": "long"}, "duration_seconds", "Enter a whole number."),
        ({"topics": ",".join(map(str, range(51)))}, "topics", "There are 51 topics: name at most 50."),
        ({"topics": "x" * 101}, "topics", "is longer than 100 characters: shorten it."),
    ],
)
def test_send_draft_with_something_amiss_says_it_at_the_field(
    world: World, changes: dict[str, Any], field: str, sentence: str
) -> None:
    errors = _errors(_send(world, DRAFT, **changes))
    assert list(errors) == [field]
    assert sentence in errors[field][0]


def test_send_new_post_that_is_refused_keeps_what_was_typed(world: World) -> None:
    hostile = "</textarea><script>alert(1)</script> #lamp"
    changes: dict[str, Any] = {"privacy_level": None, "caption": hostile, "rights_note": "Ours & theirs"}
    answer = _send(world, day=_tomorrow(), time="10:15", allow_stitch="on", **changes)
    text = answer.content.decode()
    assert "<script>alert" not in text
    assert "&lt;/textarea&gt;&lt;script&gt;alert(1)&lt;/script&gt; #lamp" in text
    assert "Ours &amp; theirs" in text
    assert 'value="10:15"' in text
    assert f'value="{_tomorrow()}"' in text
    assert answer.context["form"]["allow_stitch"].value() is True
    assert "an upload has to be chosen again" in text


@BOTH
def test_send_page_that_the_run_refuses_shows_its_sentence_above_the_form(
    world: World, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    def refuse(**_: object) -> None:
        raise RunRefused("The workflow cannot start today.")

    for name in ("start_own_post", "start_post_draft"):
        monkeypatch.setattr(post_pages, name, refuse)
    assert _errors(_send(world, page)) == {"__all__": ["The workflow cannot start today."]}


def test_send_new_post_that_is_refused_after_the_video_was_kept_offers_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _creator(monkeypatch, max_duration_seconds=2)
    answer = _send(world)
    assert list(_errors(answer)) == ["upload"]
    asset = Asset.objects.get()
    assert str(asset.pk) in _open(world).content.decode()

"""Beginning a photo post on its page: photos that TikTok takes, nothing preset, and no duet or stitch."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.forms import BooleanField
from django.test import Client
from django.urls import reverse
from pydantic import ValidationError

from approvals.kinds import kind_of
from tests.factories.accounts import AccountFactory, BrandFactory, person
from tests.factories.photos import jpeg, photo_asset
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from tiktok_ops.content import photo_uploads
from tiktok_ops.content.models import Asset
from tiktok_ops.content.photo_uploads import read_photo
from workflows.approval_kinds import PostImpossible
from workflows.models import WorkflowRun
from workflows.photo_kinds import PhotoPost

pytestmark = pytest.mark.django_db

WEBP_X = b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00" + bytes(4) + b"\x37\x04\x00\x7f\x07\x00"
WEBP_L = b"RIFF\x00\x00\x00\x00WEBPVP8L\x0a\x00\x00\x00\x2f" + ((1919 << 14) | 1079).to_bytes(4, "little")
WEBP_LOSSY = b"RIFF\x00\x00\x00\x00WEBPVP8 \x0a\x00\x00\x00" + bytes(3) + b"\x9d\x01\x2a\x38\x04\x80\x07"


@pytest.fixture
def account(settings: Any, tmp_path: Any) -> TikTokAccount:
    """An account whose posts a person posts, so that TikTok is not asked."""
    settings.MEDIA_ROOT = tmp_path
    made: TikTokAccount = AccountFactory.create()
    return made


def file_of(name: str = "a.jpg", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, jpeg(name) if content is None else content)


def post(account: TikTokAccount, *files: SimpleUploadedFile, **given: Any) -> Any:
    """Send the form as an operator, with what a person has to choose."""
    browser = Client()
    browser.force_login(person(account.workspace, Role.OPERATOR))
    values = {"photos": list(files), "cover": "1", "privacy_level": "SELF_ONLY"} | given
    return browser.post(reverse("admin:accounts_tiktokaccount_new_photo_post", args=[account.pk]), values)


def errors_of(answer: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {name: list(said) for name, said in answer.context["form"].errors.items()}
    return found


def test_open_the_page_presets_nothing_and_offers_neither_duet_nor_stitch(account: TikTokAccount) -> None:
    browser = Client()
    browser.force_login(person(account.workspace, Role.OPERATOR))
    answer = browser.get(reverse("admin:accounts_tiktokaccount_new_photo_post", args=[account.pk]))
    form = answer.context["form"]
    page = answer.content.decode()
    assert {"allow_duet", "allow_stitch", "is_ai_generated"}.isdisjoint(form.fields)
    assert "multiple" in page
    switches = [name for name, field in form.fields.items() if isinstance(field, BooleanField)]
    assert [name for name in ("privacy_level", *switches) if form[name].value()] == []


def test_send_photos_keeps_them_and_starts_a_run_with_them_in_order(account: TikTokAccount) -> None:
    given = {
        "title": "Tea",
        "description": "cold\r\n#tea",
        "cover": "2",
        "allow_comment": "on",
        "auto_add_music": "on",
    }
    answer = post(account, file_of("a.jpg"), file_of("b.jpg"), **given)
    run = WorkflowRun.objects.get(account=account)
    assert answer["Location"] == reverse("admin:workflows_workflowrun_change", args=[run.id])
    kept = [Asset.objects.get(id=one["asset"], sha256=one["sha256"]) for one in run.input["photos"]]
    assert [asset.probe for asset in kept] == [{"width": 1080, "height": 1080}] * 2
    assert run.input["caption"] == "Tea\ncold\n#tea"
    assert (run.input["cover_index"], run.input["allow_comment"], run.input["auto_add_music"]) == (
        1,
        True,
        True,
    )
    assert run.definition.slug == "photo_post"


@pytest.mark.parametrize(
    ("files", "given", "field", "said"),
    [
        ([], {}, "photos", "Choose at least one photo."),
        ([b""], {}, "photos", "A file is empty"),
        ([b"\x89PNG"], {}, "photos", "choose a JPEG or WebP"),
        ([jpeg("big", width=4000)], {}, "photos", "4000 × 1080 pixels"),
        ([b"\xff\xd8\xff\xe0\x00\x10"], {}, "photos", "choose a JPEG or WebP"),
        ([jpeg("x")] * 36, {}, "photos", "There are 36 photos: TikTok takes 35."),
        ([jpeg("x")], {"cover": "2"}, "cover", "The cover is number 2 of 1 photos"),
        ([jpeg("x")], {"title": "x" * 91}, "title", "91 UTF-16 units"),
        ([jpeg("x")], {"description": "x" * 4001}, "description", "4,001 UTF-16 units"),
        ([jpeg("x")], {"privacy_level": ""}, "privacy_level", "nothing is chosen for you"),
        (
            [jpeg("x")],
            {"discloses": "on", "is_branded_content": "on"},
            "privacy_level",
            "Branded content cannot be",
        ),
    ],
)
def test_send_what_tiktok_would_not_take_is_refused_beside_its_field(
    account: TikTokAccount, files: list[bytes], given: dict[str, str], field: str, said: str
) -> None:
    answer = post(account, *(file_of(f"{at}.jpg", content) for at, content in enumerate(files)), **given)
    assert said in errors_of(answer)[field][0]
    assert not WorkflowRun.objects.exists()


def test_send_a_photo_that_is_too_large_is_refused(
    account: TikTokAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photo_uploads, "LARGEST_BYTES", 100)
    assert "TikTok takes 100" in errors_of(post(account, file_of()))["photos"][0]


def test_send_a_photo_kept_for_another_brand_is_refused(account: TikTokAccount) -> None:
    photo_asset(account, "same", brand_id=BrandFactory.create(workspace=account.workspace).id)
    answer = post(account, file_of(content=jpeg("same")))
    assert "keeps 'a.jpg' for the brand" in errors_of(answer)["photos"][0]


@pytest.mark.parametrize(
    ("content", "sides"), [(WEBP_X, (1080, 1920)), (WEBP_L, (1080, 1920)), (WEBP_LOSSY, (1080, 1920))]
)
def test_read_a_webp_tells_its_sides(content: bytes, sides: tuple[int, int]) -> None:
    assert read_photo(content) == ("image/webp", sides)


@pytest.mark.parametrize(
    "content",
    [b"RIFF\x00\x00\x00\x00WEBPVP8?", b"\xff\xd8\xff\xff\xff", b"\xff\xd8\xff\xc0\x00\x11\x08" + bytes(8)],
)
def test_read_a_photo_without_sides_finds_none(content: bytes) -> None:
    assert read_photo(content)[1] is None


def test_read_a_jpeg_skips_what_fills_it() -> None:
    content = jpeg("x", width=7, height=9)
    assert read_photo(content[:2] + b"\xff" + content[2:]) == ("image/jpeg", (7, 9))


# The kind --------------------------------------------------------------------------------------------


def payload(account: TikTokAccount, **changes: Any) -> PhotoPost:
    photo = photo_asset(account)
    values = {
        "account": account.id,
        "handle": account.handle,
        "mode": "sandbox",
        "delivery": "direct",
        "photos": [{"asset": photo.id, "sha256": photo.sha256}],
        "title": "Tea",
        "description": "cold",
        "privacy_level": "PUBLIC_TO_EVERYONE",
    }
    return PhotoPost.model_validate(values | changes)


def test_show_photos_tells_all_that_is_asked_and_nothing_of_videos(account: TikTokAccount) -> None:
    kind = kind_of("post_photo")
    post_ = payload(account, is_branded_content=True)
    shown = kind.shown(post_)
    assert shown["Photos"] == "1, the cover is number 1"
    assert {"Duet", "Stitch"}.isdisjoint(shown)
    assert kind.weigh(post_).risk == "high"
    assert kind.title(payload(account, title="", description="")).endswith("without words")
    assert kind.approve_label(post_) == "Approve and publish now"
    assert "Branded Content Policy" in kind.consent(post_)
    preview = kind.preview(post_)
    assert preview is not None
    assert (preview.text, preview.photos) == ("Tea\ncold", ((post_.cover.asset, post_.cover.sha256),))


@pytest.mark.parametrize(
    "changes",
    [
        {"cover_index": 1},
        {"photos": []},
        {"title": "😀" * 46},
        {"description": "x" * 4001},
        {"allow_duet": True},
    ],
)
def test_ask_for_photos_tiktok_would_not_take_is_no_payload(
    account: TikTokAccount, changes: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        payload(account, **changes)


def test_ask_for_what_nobody_could_approve_is_refused(account: TikTokAccount) -> None:
    kind = kind_of("post_photo")
    foreign = photo_asset(AccountFactory.create(), "foreign")
    with pytest.raises(PostImpossible, match="is not one of this workspace"):
        kind.check(payload(account, photos=[{"asset": foreign.id, "sha256": foreign.sha256}]), account)
    with pytest.raises(PostImpossible, match="cannot be private"):
        kind.check(payload(account, is_branded_content=True, privacy_level="SELF_ONLY"), account)
    kind.check(payload(account), account)

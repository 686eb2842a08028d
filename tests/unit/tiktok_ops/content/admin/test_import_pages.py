"""Importing by the browser: the form, the progress, the result, the problems."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from tests.factories.accounts import AccountFactory, MembershipFactory
from tests.factories.pages import World, make_world
from tests.factories.workflows import doorbells
from tests.unit.tiktok_ops.content.imports.files import csv_file, row, rows
from tiktok_ops import workers
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from tiktok_ops.accounts.scope import AccountUnknown
from tiktok_ops.content import forms
from tiktok_ops.content.admin import imports as page
from tiktok_ops.content.imports.tables import COLUMNS
from tiktok_ops.content.imports.uploads import DOORBELL
from tiktok_ops.content.models import ContentImport, Post
from tiktok_ops.content.tasks import run_import

pytestmark = pytest.mark.django_db

LIST = "/admin/content/contentimport/"
UPLOAD = f"{LIST}upload/"
IMPORTERS = {"operator", "owner", "superuser", "client"}


@pytest.fixture(autouse=True)
def _files_elsewhere(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def world() -> World:
    """Return a workspace with everybody in it; its account is called "demo", as in the files."""
    world = make_world()
    world.account.handle = "demo"
    world.account.save()
    return world


def _send(world: World, name: str, data: bytes, *, account: TikTokAccount | None = None) -> Any:
    given = {
        "account": str((account or world.account).pk),
        "file": SimpleUploadedFile("posts.csv", data),
    }
    return world.client(name).post(UPLOAD, given)


def _looked_through(world: World, data: bytes) -> ContentImport:
    """Upload a file and return its import once a worker has looked through it."""
    _send(world, "operator", data)
    upload = ContentImport.objects.get()
    run_import(str(upload.pk))
    upload.refresh_from_db()
    return upload


def _import(world: World, **values: Any) -> ContentImport:
    return ContentImport.objects.create(account=world.account, file_name="posts.csv", **values)


def _progress(world: World, upload: ContentImport, name: str = "viewer") -> Any:
    return world.client(name).get(f"{LIST}{upload.pk}/progress/")


# The form --------------------------------------------------------------------------------------------


def test_open_upload_by_role_answers_or_refuses(world: World) -> None:
    codes = {name: world.client(name).get(UPLOAD).status_code for name in world.people}
    assert {name for name, code in codes.items() if code == 200} == IMPORTERS | {"stranger"}
    assert set(codes.values()) == {200, 403}


def test_open_upload_from_an_account_has_it_chosen_and_named(world: World) -> None:
    answer: Any = world.client("operator").get(f"{UPLOAD}?account={world.account.pk}")
    assert answer.context["form"]["account"].value() == world.account.pk
    text = answer.content.decode()
    assert "Import a file into @demo" in text
    for column in COLUMNS:
        assert f"<code>{column}</code>" in text


def test_open_upload_offers_accounts_one_may_import_into_only(world: World) -> None:
    AccountFactory.create(handle="hidden_one")
    read_only = AccountFactory.create(handle="read_only")
    MembershipFactory.create(workspace=read_only.workspace, user=world.people["operator"], role=Role.VIEWER)
    text = world.client("operator").get(UPLOAD).content.decode()
    assert "@demo" in text
    assert "hidden_one" not in text
    assert "read_only" not in text


@pytest.mark.parametrize("key", ["foreign", "absent", "nonsense"])
def test_open_upload_from_an_account_one_cannot_import_into_is_not_found(world: World, key: str) -> None:
    written = {
        "foreign": str(AccountFactory.create().pk),
        "absent": "00000000-0000-7000-8000-000000000000",
        "nonsense": "nonsense",
    }
    assert world.client("operator").get(f"{UPLOAD}?account={written[key]}").status_code == 404


def test_send_file_queues_it_and_leads_to_its_import(world: World) -> None:
    answer = _send(world, "operator", csv_file(rows(2)))
    upload = ContentImport.objects.get()
    assert answer["Location"] == f"{LIST}{upload.pk}/change/"
    assert (upload.status, upload.account, upload.requested_by) == (
        "checking",
        world.account,
        world.people["operator"],
    )
    assert doorbells() == [(DOORBELL, (str(upload.pk),))]
    assert not Post.objects.exists()


def test_send_file_by_role_is_taken_or_refused(world: World) -> None:
    for name in sorted(world.people):
        _send(world, name, csv_file(rows(1)))
    assert {upload.requested_by for upload in ContentImport.objects.all()} == {
        world.people[name] for name in IMPORTERS
    }


def test_send_file_for_a_foreign_account_is_refused_as_no_choice(world: World) -> None:
    answer = _send(world, "operator", csv_file(rows(1)), account=AccountFactory.create())
    assert "Select a valid choice" in answer.content.decode()
    assert not ContentImport.objects.exists()


@pytest.mark.parametrize(
    ("data", "sentence"), [(b"", "The file is empty: choose one with a header and at least one row.")]
)
def test_send_file_that_is_empty_says_what_to_choose(world: World, data: bytes, sentence: str) -> None:
    assert sentence in _send(world, "operator", data).content.decode()
    assert not ContentImport.objects.exists()


def test_send_form_without_a_file_asks_for_one(world: World) -> None:
    answer = world.client("operator").post(UPLOAD, {"account": str(world.account.pk)})
    assert "This field is required." in answer.content.decode()


def test_send_file_that_is_too_large_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "MAX_FILE_BYTES", 10)
    text = _send(world, "operator", b"x" * 11).content.decode()
    assert "is larger than 100 MB: split it into smaller files." in text
    assert not ContentImport.objects.exists()


def test_send_file_that_is_refused_by_the_service_shows_its_sentence(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise AccountUnknown("There is no account any more.")

    monkeypatch.setattr(page, "request_import", refuse)
    assert "There is no account any more." in _send(world, "operator", csv_file(rows(1))).content.decode()


def test_send_file_without_a_token_is_refused(world: World) -> None:
    client = world.client("operator")
    client.handler.enforce_csrf_checks = True
    given = {"account": str(world.account.pk), "file": SimpleUploadedFile("a.csv", b"x")}
    assert client.post(UPLOAD, given).status_code == 403
    assert not ContentImport.objects.exists()


# Progress and result ---------------------------------------------------------------------------------


def test_open_queued_import_asks_again_every_second(world: World) -> None:
    upload = _import(world)
    text = world.client("viewer").get(f"{LIST}{upload.pk}/change/").content.decode()
    assert "Waiting for a worker" in text
    assert f'hx-get="{LIST}{upload.pk}/progress/" hx-trigger="every 1s"' in text


@pytest.mark.parametrize(("number", "is_said"), [(0, True), (2, False)])
def test_open_waiting_import_says_when_no_worker_is_up(
    world: World, monkeypatch: pytest.MonkeyPatch, number: int, is_said: bool
) -> None:
    monkeypatch.setattr(workers, "_counts", [lambda: number])
    for status in ("queued", "running"):
        text = _progress(world, _import(world, status=status)).content.decode()
        assert ("No worker is running: start one with `make up`." in text) is is_said


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"rows_total": 2_000, "rows_done": 500}, ['value="25"', "500 of 2,000 rows"]),
        ({"rows_total": 0, "rows_done": 0}, ["Reading and checking the file"]),
    ],
)
def test_ask_for_progress_of_a_running_import_shows_how_far_it_is(
    world: World, values: dict[str, int], shown: list[str]
) -> None:
    answer = _progress(world, _import(world, status="running", **values))
    for text in [*shown, "<progress", "every 1s"]:
        assert text in answer.content.decode()
    assert "HX-Refresh" not in answer


def test_ask_for_progress_of_an_import_that_ended_brings_the_whole_page_anew(world: World) -> None:
    answer = _progress(world, _import(world, status="failed"))
    assert answer["HX-Refresh"] == "true"
    assert "every 1s" not in answer.content.decode()


def test_ask_for_progress_changes_nothing_and_hides_foreign_imports(world: World) -> None:
    upload = _import(world)
    codes = {name: _progress(world, upload, name).status_code for name in world.people}
    refused = {name for name, code in codes.items() if code == 404}
    assert refused == {"stranger", "nobody"}
    upload.refresh_from_db()
    assert upload.status == "queued"


def test_upload_then_worker_then_page_shows_what_was_imported(world: World) -> None:
    data = csv_file([*rows(3), row(9, handle="other"), row(8, handle="other"), row(7, handle="third")])
    upload = _looked_through(world, data)
    client = world.client("operator")
    text = client.get(f"{LIST}{upload.pk}/change/").content.decode()
    for shown in (
        "What importing it into @demo would do",
        "<dt>New</dt><dd>3</dd>",
        "<td>Post 1</td>",
        "a file of posts",
        f'value="{upload.sha256}"',
        "<td>@other</td>",
    ):
        assert shown in text, shown
    assert not Post.objects.exists()
    client.post(f"{LIST}{upload.pk}/confirm/", {"sha256": upload.sha256})
    run_import(str(upload.pk))
    text = client.get(f"{LIST}{upload.pk}/change/").content.decode()
    assert "<dt>New</dt><dd>3</dd>" in text
    assert "<dt>As they were</dt><dd>0</dd>" in text
    assert Post.objects.count() == 3
    assert text.index("<td>@other</td>") < text.index("<td>@third</td>")
    assert f"/admin/accounts/tiktokaccount/{world.account.pk}/change/" in text
    assert f"/admin/content/post/?account__id__exact={world.account.pk}" in text
    assert "every 1s" not in text


def test_open_preview_shows_hidden_signs_and_no_markup_of_the_file(world: World) -> None:
    upload = _looked_through(world, csv_file(rows(1, caption="<b>a\u202eb</b>")))
    text = world.client("operator").get(f"{LIST}{upload.pk}/change/").content.decode()
    assert "&lt;b&gt;a" in text
    assert "\u202e" not in text


@pytest.mark.parametrize(("name", "is_offered"), [("viewer", False), ("auditor", False), ("operator", True)])
def test_open_preview_offers_the_decision_to_who_may(world: World, name: str, is_offered: bool) -> None:
    upload = _looked_through(world, csv_file(rows(1)))
    text = world.client(name).get(f"{LIST}{upload.pk}/change/").content.decode()
    assert (f'action="{LIST}{upload.pk}/confirm/"' in text) is is_offered
    assert (f'formaction="{LIST}{upload.pk}/cancel/"' in text) is is_offered
    assert ("Whoever may import into this account decides about it." in text) is not is_offered


@pytest.mark.parametrize("verb", ["confirm", "cancel"])
def test_decide_about_an_import_by_role_is_taken_or_refused(world: World, verb: str) -> None:
    upload = _import(world, status="ready", sha256="a" * 64)
    address = f"{LIST}{upload.pk}/{verb}/"
    refused = {
        name: world.client(name).post(address, {"sha256": "a" * 64}).status_code
        for name in sorted(set(world.people) - IMPORTERS)
    }
    assert refused.pop("stranger") == refused.pop("nobody") == 404
    assert set(refused.values()) == {403}
    assert world.client("operator").get(address).status_code == 403
    upload.refresh_from_db()
    assert upload.status == "ready"
    assert world.client("client").post(address, {"sha256": "a" * 64}).status_code == 302
    upload.refresh_from_db()
    assert upload.status == {"confirm": "queued", "cancel": "cancelled"}[verb]


def test_confirm_import_that_was_decided_meanwhile_says_so(world: World) -> None:
    upload = _import(world, status="cancelled")
    client = world.client("operator")
    answer = client.post(f"{LIST}{upload.pk}/confirm/", {"sha256": ""}, follow=True)
    assert "is cancelled already: look at it again." in answer.content.decode()
    assert "The file was thrown away before anything of it was imported." in answer.content.decode()


def test_open_import_being_looked_through_offers_to_discard_it(world: World) -> None:
    text = _progress(world, _import(world, status="checking"), "operator").content.decode()
    assert "Looking through the file" in text
    assert "Discard the file" in text
    assert "every 1s" in text


def test_upload_of_a_wrong_file_shows_each_problem_and_nothing_imported(world: World) -> None:
    data = csv_file([row(1, views="-5"), row(2, created_at="<script>alert(1)</script>")])
    _send(world, "operator", data)
    upload = ContentImport.objects.get()
    run_import(str(upload.pk))
    text = world.client("operator").get(f"{LIST}{upload.pk}/change/").content.decode()
    assert "Nothing was imported" in text
    assert "<code>-5</code>" in text
    assert '<td class="ops-number">2</td>' in text
    assert '<td class="ops-wide">created_at</td>' in text
    assert "&lt;script&gt;" in text
    assert "<script>alert" not in text
    assert f"{UPLOAD}?account={world.account.pk}" in text
    assert not Post.objects.exists()


def test_open_list_shows_what_became_of_each_file(world: World) -> None:
    _import(
        world,
        status="succeeded",
        rows_total=1_200,
        rows_done=1_200,
        posts_created=1_000,
        posts_updated=150,
        posts_unchanged=50,
    )
    text = world.client("viewer").get(LIST).content.decode()
    for shown in ("posts.csv", "@demo", "Succeeded", "1,200 of 1,200", "1,000 / 150 / 50", "Command line"):
        assert shown in text, shown


@pytest.mark.parametrize(("name", "is_offered"), [("viewer", False), ("operator", True)])
def test_open_empty_list_offers_the_form_to_who_may(world: World, name: str, is_offered: bool) -> None:
    text = world.client(name).get(LIST).content.decode()
    assert (f'href="{UPLOAD}"' in text) is is_offered
    assert "Nothing was imported yet." in text

"""In which runs an asset is used: shown on its page, to whoever sees the runs."""

from pathlib import Path
from uuid import uuid4

import pytest
from pytest_django import Settings

from tests.factories.accounts import AccountFactory
from tests.factories.media import stored_video
from tests.factories.pages import World, make_world
from tests.factories.workflows import WorkflowRunFactory
from tiktok_ops.content.models import Artifact
from workflows import asset_uses
from workflows.asset_uses import find_runs

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _files_elsewhere(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def world() -> World:
    """Return a workspace with everybody in it, and strangers."""
    return make_world()


def test_find_runs_gives_those_that_were_given_it_and_those_that_made_it(world: World) -> None:
    asset = stored_video(world.account)
    given = WorkflowRunFactory.create(account=world.account, input={"asset": str(asset.id)})
    made = WorkflowRunFactory.create(account=world.account, status="succeeded")
    Artifact.objects.create(
        account=world.account, kind="asset", run_id=made.id, step_id=uuid4(), asset=asset, sha256=asset.sha256
    )
    WorkflowRunFactory.create(account=world.account, input={"asset": str(uuid4())})
    found = find_runs(asset, world.people["viewer"])
    assert [use.url for use in found] == [
        f"/admin/workflows/workflowrun/{run.id}/change/" for run in (made, given)
    ]
    assert found[0].text == f"{made} (succeeded)"


def test_find_runs_gives_those_that_joined_it_however_it_was_named(world: World) -> None:
    asset, other = stored_video(world.account), str(uuid4())
    clips: list[list[object]] = [
        [other, str(asset.id)],
        [{"asset": str(asset.id), "asset_sha256": asset.sha256}],
    ]
    runs = [WorkflowRunFactory.create(account=world.account, input={"clips": given}) for given in clips]
    WorkflowRunFactory.create(account=world.account, input={"clips": [other]})
    found = find_runs(asset, world.people["viewer"])
    assert [use.url for use in found] == [
        f"/admin/workflows/workflowrun/{run.id}/change/" for run in runs[::-1]
    ]


def test_find_runs_of_others_gives_none(world: World) -> None:
    asset = stored_video(world.account)
    elsewhere = AccountFactory.create()
    WorkflowRunFactory.create(account=elsewhere, input={"asset": str(asset.id)})
    other_brand = AccountFactory.create(workspace=world.workspace)
    WorkflowRunFactory.create(account=other_brand, input={"asset": str(asset.id)})
    assert find_runs(asset, world.people["client"]) == []
    assert len(find_runs(asset, world.people["viewer"])) == 1
    assert len(find_runs(asset, world.people["superuser"])) == 1


def test_find_runs_gives_the_newest_only(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asset_uses, "MOST_SHOWN", 2)
    asset = stored_video(world.account)
    runs = [
        WorkflowRunFactory.create(account=world.account, input={"asset": str(asset.id)}) for _ in range(3)
    ]
    shown = [use.url for use in find_runs(asset, world.people["viewer"])]
    assert shown == [f"/admin/workflows/workflowrun/{run.id}/change/" for run in runs[:0:-1]]


def test_open_page_of_an_asset_leads_to_the_runs_that_use_it(world: World) -> None:
    asset = stored_video(world.account)
    run = WorkflowRunFactory.create(account=world.account, input={"asset": str(asset.id)})
    text = world.client("viewer").get(f"/admin/content/asset/{asset.pk}/change/").content.decode()
    assert f'href="/admin/workflows/workflowrun/{run.id}/change/"' in text
    assert "Nowhere yet" not in text

"""`manage.py run_batch`: what it starts, what it prints, and one sentence on everything it refuses."""

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from tests.factories.accounts import AccountFactory, WorkspaceFactory
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.audit.models import AuditEvent
from workflows.batches import MOST_RUNS
from workflows.models import Batch, WorkflowRun
from workflows.presence import Place, Post

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def worker_up(db: None) -> Iterator[None]:
    """Have a worker up as far as anybody can see, so that the command starts none."""
    post = Post(Place.WORKER)
    assert post.hold()
    yield
    post.leave()


@pytest.fixture
def accounts() -> list[TikTokAccount]:
    """Return two accounts of one workspace."""
    first = AccountFactory.create(handle="lumen")
    return [first, AccountFactory.create(handle="lux", workspace=first.workspace)]


def run_batch(*words: str) -> tuple[str, str]:
    """Call the command; return what it printed, and what it said on the side."""
    out, said = StringIO(), StringIO()
    call_command("run_batch", *words, stdout=out, stderr=said)
    return out.getvalue(), said.getvalue()


def refusal(*words: str) -> str:
    """Return the one sentence the command refuses with; it starts nothing and ends with 2."""
    said = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("run_batch", *words, stdout=StringIO(), stderr=said)
    assert ended.value.code == 2
    assert not Batch.objects.exists()
    assert not WorkflowRun.objects.exists()
    sentence = said.getvalue().strip()
    assert "\n" not in sentence
    return sentence


def written(path: Path, items: Any) -> str:
    """Write the items to a file of this folder and return its path."""
    file = path / "items.json"
    file.write_text(items if isinstance(items, str) else json.dumps(items))
    return str(file)


# What it starts -------------------------------------------------------------------------------------


def test_run_batch_of_accounts_starts_a_run_of_each(accounts: list[TikTokAccount]) -> None:
    printed, said = run_batch(
        "profile_audit", "--accounts", "lumen", "@Lux", "--input", '{"window_days": 14}', "--name", "Spring"
    )

    batch = Batch.objects.get()
    runs = batch.runs.order_by("id")
    assert [(run.account, run.input) for run in runs] == [(each, {"window_days": 14}) for each in accounts]
    assert (batch.name, batch.is_dry_run, batch.requested_by) == ("Spring", False, None)
    assert AuditEvent.objects.get(verb="batch.started").actor == "command line"
    assert printed == f"Batch {batch.id} (Spring) has started 2 runs.\n"
    assert said == ""


def test_run_batch_without_a_name_or_an_input_names_itself(accounts: list[TikTokAccount]) -> None:
    printed, _ = run_batch("profile_audit", "--accounts", "lumen", "--dry-run")

    batch = Batch.objects.get()
    assert (batch.name, batch.is_dry_run) == ("Profile audit, 1 run", True)
    assert batch.runs.get().input == {}
    assert "has started 1 run." in printed


def test_run_batch_of_a_file_starts_a_run_of_each_item(accounts: list[TikTokAccount], tmp_path: Path) -> None:
    items = [
        {"account": "lumen", "input": {"window_days": 14}},
        {"account": str(accounts[1].id)},
        {"account": "lumen"},
    ]

    printed, _ = run_batch("profile_audit", "--file", written(tmp_path, items), "--json")

    batch = Batch.objects.get()
    runs = list(batch.runs.order_by("id"))
    assert [(run.account.handle, run.input) for run in runs] == [
        ("lumen", {"window_days": 14}),
        ("lux", {}),
        ("lumen", {}),
    ]
    assert json.loads(printed) == {
        "batch": str(batch.id),
        "name": "Profile audit, 3 runs",
        "workflow": "profile_audit",
        "dry_run": False,
        "mode": "sandbox",
        "runs": [{"run": str(run.id), "account": run.account.handle} for run in runs],
    }


def test_run_batch_of_a_handle_in_two_workspaces_takes_the_one_named(
    accounts: list[TikTokAccount], tmp_path: Path
) -> None:
    AccountFactory.create(handle="lumen", workspace=WorkspaceFactory.create())
    workspace = accounts[0].workspace.slug

    run_batch("profile_audit", "--accounts", "lumen", "--workspace", workspace)
    run_batch("profile_audit", "--file", written(tmp_path, [{"account": "lumen"}]), "--workspace", workspace)

    assert [run.account for run in WorkflowRun.objects.all()] == [accounts[0]] * 2


# What it refuses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["no_such", "--accounts", "lumen"], "There is no workflow 'no_such'"),
        (["profile_audit", "--accounts", "nobody"], "nobody"),
        (["profile_audit", "--accounts", "lumen", "--name", " "], "The name is ''"),
        (["profile_audit", "--accounts", "lumen", "--input", "{"], "The input is not JSON"),
        (["profile_audit", "--accounts", "lumen", "--input", "[]"], "The input is [], not an object"),
        (["profile_audit", "--accounts", "lumen", "--input", '{"x": 1}'], "Item 1 (@lumen) is refused: "),
        (["profile_audit", "--accounts", *["lumen"] * (MOST_RUNS + 1)], f"give 1 to {MOST_RUNS}."),
        (["profile_audit", "--file", "no.json"], "The file 'no.json' cannot be read: No such file"),
        (["profile_audit", "--file", "x.json", "--input", "{}"], "--input goes with --accounts"),
    ],
)
def test_run_batch_of_bad_words_is_refused_in_a_sentence(
    accounts: list[TikTokAccount], words: list[str], sentence: str
) -> None:
    assert sentence in refusal(*words)


@pytest.mark.parametrize(
    ("items", "sentence"),
    [
        ("[{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ({"account": "lumen"}, "holds no list: write it as"),
        ([], "The batch has 0 items"),
        (["lumen"], "Item 1 is 'lumen' and names no 'account'"),
        ([{"account": "lumen"}, {"input": {}}], "Item 2 is {'input': {}} and names no 'account'"),
        ([{"account": 5}], "Item 1 is {'account': 5} and names no 'account'"),
        ([["x" * 200]], f"Item 1 is ['{'x' * 77}… and names no 'account'"),
        ([{"account": "lumen", "inputs": {}}], "Item 1 has the field 'inputs': give 'account' and 'input'."),
        ([{"account": "lumen", "input": [1]}], "The input of item 1 is [1], not an object"),
        ([{"account": "nobody"}], "nobody"),
        ([{"account": "lumen", "input": {"x": 1}}], "Item 1 (@lumen) is refused: "),
        ([{"account": "lumen"}, {"account": str(uuid4())}], "Item 2 names the account "),
    ],
)
def test_run_batch_of_a_bad_file_is_refused_in_a_sentence(
    accounts: list[TikTokAccount], tmp_path: Path, items: Any, sentence: str
) -> None:
    assert sentence in refusal("profile_audit", "--file", written(tmp_path, items))


def test_run_batch_of_a_file_that_is_no_text_is_refused(
    accounts: list[TikTokAccount], tmp_path: Path
) -> None:
    file = tmp_path / "items.json"
    file.write_bytes(b"\xff\xfe\x00")

    assert "is not JSON" in refusal("profile_audit", "--file", str(file))


@pytest.mark.parametrize("words", [["profile_audit"], ["profile_audit", "--accounts", "a", "--file", "b"]])
def test_run_batch_of_neither_or_both_is_refused(words: list[str]) -> None:
    with pytest.raises(CommandError, match="--accounts"):  # a shell sees argparse's own exit code, 2
        run_batch(*words)


def test_run_batch_over_two_workspaces_is_refused(accounts: list[TikTokAccount]) -> None:
    AccountFactory.create(handle="elsewhere", workspace=WorkspaceFactory.create())

    assert "Item 2 (@elsewhere) is of another workspace" in refusal(
        "profile_audit", "--accounts", "lumen", "elsewhere"
    )

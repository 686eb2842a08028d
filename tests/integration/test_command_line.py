"""The command line as a person uses it: real processes, real exit codes, on a database of the test's own."""

import json
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db.models import Model

from tests.factories.accounts import AccountFactory, WorkspaceFactory
from tests.factories.content import store_posts
from tests.factories.figures import make_posts
from tests.forms import only_long, times
from tests.processes import call_command_line, call_here, running, wait_until
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.content.models import ContentImport, Post
from workflows.models import WorkflowDefinition, WorkflowRun
from workflows.presence import present

pytestmark = [pytest.mark.integration, pytest.mark.slow]

COLUMNS = "handle,video_id,url,created_at,caption,hashtags,views,likes,comments,shares"
ROW = "lumen,7000000000000000001,,2026-03-01T10:00:00Z,Hello,#a,10,1,0,0"


@pytest.fixture
def account(committed_db: str) -> TikTokAccount:
    """An account with posts."""
    made: TikTokAccount = AccountFactory.create(handle="lumen")
    store_posts(made, make_posts(60, seed=3))
    return made


def counted() -> dict[str, int]:
    """Return how many rows there are of everything a refused command might have written."""
    models: list[type[Model]] = [
        TikTokAccount, Post, ContentImport, WorkflowRun, WorkflowDefinition, AuditEvent,
    ]  # fmt: skip
    return {model.__name__: model._default_manager.count() for model in models}


def test_run_workflow_without_a_worker_starts_one_says_so_and_prints_the_run(account: TikTokAccount) -> None:
    done = call_command_line("run_workflow", "profile_audit", "--account", "@Lumen", "--wait", "--json")

    assert done.returncode == 0, done.stderr
    assert "No worker is up: starting one for this run." in done.stderr
    printed: dict[str, Any] = json.loads(done.stdout)
    assert set(printed) == {"run", "steps", "approvals", "report"}
    run = printed["run"]
    assert {"id", "workflow", "status", "waiting_on", "seconds", "cost_usd", "simulated"} <= set(run)
    assert (run["workflow"], run["status"], run["waiting_on"], run["simulated"]) == (
        "profile_audit", "succeeded", None, True,
    )  # fmt: skip
    assert [(step["key"], step["status"], step["claims"]) for step in printed["steps"]] == [
        ("fresh", "succeeded", 1),
        ("account_health", "succeeded", 1),
        ("shadowban_check", "succeeded", 1),
        ("audience_mapper", "succeeded", 1),
        ("trend_watcher", "succeeded", 1),
        ("compliance", "succeeded", 1),
        ("report", "succeeded", 1),
    ]
    assert printed["approvals"] == []
    assert printed["report"].startswith("# Profile audit of @lumen\n")
    assert WorkflowRun.objects.get().status == "succeeded"
    wait_until(lambda: present().workers == 0, seconds=10, what="its own worker has ended")


def test_run_workflow_with_a_worker_up_uses_it_and_takes_its_input_as_json(account: TikTokAccount) -> None:
    audit = ("run_workflow", "profile_audit", "--account", "lumen", "--wait")
    with running("worker"):
        wait_until(lambda: present().workers == 1, seconds=30, what="the worker is up")

        done = call_command_line(*audit)
        dry = call_command_line(*audit, "--json", "--input", '{"window_days": 7}', "--dry-run")

    assert done.returncode == 0, done.stderr
    assert "starting one" not in done.stderr
    assert "# Profile audit of @lumen" in done.stdout
    assert "is succeeded after" in done.stdout
    said = json.loads(dry.stdout)
    assert said["run"]["dry_run"] is True
    health = said["steps"][1]["output"]
    assert health["posts_per_week"] == health["window"]["posts"]


@only_long
def test_run_workflow_without_waiting_leaves_a_worker_that_ends_by_itself(account: TikTokAccount) -> None:
    done = call_command_line("run_workflow", "profile_audit", "--account", "lumen", "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["run"]["status"] in {"queued", "running"}
    wait_until(
        lambda: WorkflowRun.objects.filter(status="succeeded").exists(), seconds=60, what="the run is over"
    )
    wait_until(lambda: present().workers == 0, seconds=30, what="the worker has ended by itself")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run_workflow", "profile_audit", "--account", "nobody"], "There is no account 'nobody'"),
        (
            ["run_workflow", "no_such", "--account", "lumen"],
            "There is no workflow 'no_such'; there are campaign_launch, content_batch, live_show, own_post, "
            "photo_post, post_draft, post_launch_loop, profile_audit, shop_sync, studio_clip, sync_account, "
            "video_production.",
        ),
        (["run_workflow", "profile_audit", "--account", "lumen", "--input", "{"], "The input is not JSON"),
        (["run_workflow", "profile_audit", "--account", "lumen", "--input", "[1]"], "not an object"),
        (
            ["run_workflow", "profile_audit", "--account", "lumen", "--input", '{"window_days": 0}'],
            "The input 'window_days' is 0, which does not do",
        ),
        (
            ["run_workflow", "profile_audit", "--account", "lumen", "--input", '{"colour": "red"}'],
            "The input has 'colour' ('red'), which 'profile_audit' does not take",
        ),
        (["load_workflow", "nowhere.json"], "cannot be read: No such file or directory."),
        (
            ["import_account", "nowhere.csv", "--handle", "lumen"],
            "cannot be read: No such file or directory.",
        ),
    ],
)
def test_command_that_is_refused_says_one_sentence_and_writes_nothing(
    account: TikTokAccount, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = counted()

    done = call_here(capsys, *arguments)

    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""
    assert counted() == before


def test_run_workflow_of_a_handle_in_two_workspaces_asks_which(account: TikTokAccount) -> None:
    other = WorkspaceFactory.create(slug="other-team")
    AccountFactory.create(handle="lumen", workspace=other, brand=None)

    done = call_command_line("run_workflow", "profile_audit", "--account", "lumen")

    assert (done.returncode, done.stdout, len(done.stderr.strip().splitlines())) == (2, "", 1)
    assert "is in more than one workspace: name one with --workspace" in done.stderr


CYCLIC = {
    "slug": "round_and_round",
    "label": "Round",
    "purpose": "To be refused.",
    "nodes": [
        {"kind": "agent", "key": "a", "label": "A", "agent": "compliance", "depends_on": ["b"]},
        {"kind": "agent", "key": "b", "label": "B", "agent": "compliance", "depends_on": ["a"]},
    ],
}


def test_load_workflow_of_a_circle_is_refused_naming_it(committed_db: str, tmp_path: Path) -> None:
    file = tmp_path / "circle.json"
    file.write_text(json.dumps(CYCLIC))

    done = call_command_line("load_workflow", str(file))

    assert (done.returncode, done.stdout) == (2, "")
    assert "its nodes wait for each other in a circle: a → b → a." in done.stderr
    assert not WorkflowDefinition.objects.exists()


def test_run_workflow_of_a_stored_circle_is_refused(account: TikTokAccount) -> None:
    WorkflowDefinition.objects.create(slug="round_and_round", version=1, definition=CYCLIC, digest="0" * 64)

    done = call_command_line("run_workflow", "round_and_round", "--account", "lumen")

    assert done.returncode == 2
    assert "in a circle: a → b → a." in done.stderr
    assert not WorkflowRun.objects.exists()


def uses(process: psutil.Process, url: str) -> bool:
    """Return whether a process is a command of ours on the database `url`."""
    try:
        return process.environ().get("DATABASE_URL") == url and "manage.py" in " ".join(process.cmdline())
    except psutil.Error:
        return False


BAD_FILES = {
    "a missing column": (COLUMNS.replace(",likes", "") + "\n", "likes"),
    "a negative count": (f"{COLUMNS}\n{ROW.replace(',10,1,', ',-10,1,')}\n", "'-10'"),
    "a wrong date": (f"{COLUMNS}\n{ROW.replace('2026-03-01T10:00:00Z', '2026-02-31')}\n", "'2026-02-31'"),
    "the same id twice": (f"{COLUMNS}\n{ROW}\n{ROW}\n", "'7000000000000000001'"),
    "nothing": ("", "empty"),
    "only a header": (f"{COLUMNS}\n", "no rows"),
    "bytes": ("\x00\x01\x02PNG", "NUL"),
    "another handle": (f"{COLUMNS}\n{ROW.replace('lumen', 'other')}\n", "'other'"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_import_of_a_bad_file_says_one_sentence_and_writes_nothing(
    committed_db: str, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    content, named = BAD_FILES[name]
    file = tmp_path / "posts.csv"
    file.write_text(content)

    done = call_here(capsys, "import_account", str(file), "--handle", "lumen")

    assert (done.returncode, done.stdout) == (2, "")
    assert named in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert set(counted().values()) == {0}


def test_command_on_a_database_without_tables_says_what_to_do(committed_db: str) -> None:
    empty = committed_db.rpartition("/")[0] + "/postgres"

    done = call_command_line(
        "run_workflow", "profile_audit", "--account", "x", environment={"DATABASE_URL": empty}
    )

    assert done.returncode == 2
    assert done.stderr.strip() == (
        "The database has no tables yet: run `make setup` (or `python manage.py migrate`) first."
    )


def test_command_without_a_database_says_so_in_one_sentence(tmp_path: Path) -> None:
    nowhere = f"postgresql://nobody@%2F{str(tmp_path)[1:].replace('/', '%2F')}/none"

    done = call_command_line("doctor", environment={"DATABASE_URL": nowhere})
    refused = call_command_line("run_workflow", "x", "--account", "y", environment={"DATABASE_URL": nowhere})

    assert done.returncode == 1
    assert done.stdout.startswith("MISS  database")
    assert refused.returncode == 2
    assert refused.stderr.startswith("The database cannot be reached: ")
    assert len(refused.stderr.strip().splitlines()) == 1


def test_doctor_names_what_is_missing(committed_db: str) -> None:
    alone = call_command_line("doctor")

    assert alone.returncode == 1
    assert [line.split()[:2] for line in alone.stdout.splitlines()] == [
        ["ok", "database"], ["ok", "migrations"], ["ok", "SQL"], ["MISS", "worker"], ["MISS", "keeper"], ["ok", "keys"],
        ["ok", "models"],
    ]  # fmt: skip


def test_demo_runs_again_and_again_and_leaves_nothing_running(committed_db: str, tmp_path: Path) -> None:
    environment = {"TIKTOK_OPS_VAR": str(tmp_path / "var")}
    first = call_command_line("demo", environment=environment)
    others = [call_command_line("demo", environment=environment) for _ in range(times(long=1, short=0))]

    for done in (first, *others):
        assert done.returncode == 0, done.stderr
        assert "7/7  report: succeeded" in done.stdout
        assert "# Profile audit of @lumen.lamps" in done.stdout
        assert "simulated" in done.stdout
        assert "Ana approves exactly these bytes: SHA-256 " in done.stdout
        assert "7/7  post: succeeded" in done.stdout
        assert "Effect    confirmed, approved by Ana, sent 1 time" in done.stdout
        assert "TikTok    1 post of this run in the sandbox's ledger: https://www.tiktok.com/" in done.stdout
    assert ": 125 new," in first.stdout or " new, 0 changed, 0 unchanged" in first.stdout
    assert all(" 0 new, 0 changed, " in done.stdout for done in others)
    assert present().workers + present().keepers == 0
    mine = [process for process in psutil.process_iter(["cmdline"]) if uses(process, committed_db)]
    assert mine == []


@only_long
def test_down_finds_the_processes_of_a_group_whose_leader_was_killed(
    committed_db: str, tmp_path: Path
) -> None:
    environment = {"TIKTOK_OPS_VAR": str(tmp_path / "var"), "TIKTOK_OPS_POSTGRES_DIR": str(tmp_path / "pg")}
    try:
        assert call_command_line("up", environment=environment).returncode == 0
        leader = psutil.Process(int((tmp_path / "var" / "up.pid").read_text()))
        family = leader.children(recursive=True)
        leader.kill()
        assert [member for member in family if member.is_running()]
    finally:
        down = call_command_line("down", environment=environment)

    assert down.stdout.strip() == "Stopped."
    assert psutil.wait_procs(family, timeout=5)[1] == []


def test_ctrl_c_in_the_middle_of_up_leaves_nothing_running(committed_db: str, tmp_path: Path) -> None:
    environment = {"TIKTOK_OPS_VAR": str(tmp_path / "var"), "TIKTOK_OPS_POSTGRES_DIR": str(tmp_path / "pg")}
    with running("up", environment=environment) as started:
        wait_until((tmp_path / "var" / "up.pid").exists, seconds=30, what="the processes are being started")
        leader = psutil.Process(int((tmp_path / "var" / "up.pid").read_text()))
        family = [leader, *leader.children(recursive=True)]
        started.process.send_signal(signal.SIGINT)
        assert started.process.wait(60) == 130
    assert psutil.wait_procs(family, timeout=5)[1] == []
    assert call_command_line("down", environment=environment).stdout.strip() == "Nothing was running."


def test_up_serves_the_admin_so_that_the_doctor_misses_nothing_and_down_stops_everything(
    committed_db: str, tmp_path: Path
) -> None:
    environment = {"TIKTOK_OPS_VAR": str(tmp_path / "var"), "TIKTOK_OPS_POSTGRES_DIR": str(tmp_path / "pg")}
    up = call_command_line("up", environment=environment)
    try:
        assert up.returncode == 0, up.stderr
        address = up.stdout.splitlines()[0].rpartition(" ")[2]
        again = call_command_line("up", environment=environment)
        wait_until(lambda: present().workers + present().keepers == 2, seconds=30, what="all are up")
        doctor = call_command_line("doctor")
        leader = psutil.Process(int((tmp_path / "var" / "up.pid").read_text()))
        family = [leader, *leader.children(recursive=True)]
    finally:
        down = call_command_line("down", environment=environment)

    assert address.startswith("http://127.0.0.1:")
    assert address in again.stdout
    assert "olivia" in up.stdout
    assert doctor.returncode == 0, doctor.stdout
    assert {line.split()[0] for line in doctor.stdout.splitlines()} == {"ok"}
    assert down.stdout.strip() == "Stopped."
    assert psutil.wait_procs(family, timeout=5)[1] == []
    assert call_command_line("down", environment=environment).stdout.strip() == "Nothing was running."

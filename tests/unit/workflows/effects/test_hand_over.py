"""Posts a person makes: handed over, closed with the link of the post, and the live caption compared."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from agents.providers.tiktok.provider import get_tiktok
from agents.sandbox.tiktok import ledger as tiktok_ledger
from agents.sandbox.tiktok.wire import sandbox_token
from tests.factories.accounts import person
from tests.factories.posting import (
    CAPTION,
    approved_post,
    direct_account,
    effect_of,
    moves,
    post_step,
    providers,
    sql,
    taken_work,
    time_passes,
    triggers_off,
    work,
)
from tests.factories.tiktok import put_online
from tests.factories.workflows import expire_lease
from tiktok_ops.accounts.models import User
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.canonical import canonical_json
from workflows.effects.hand_over import (
    CUT_AT,
    LinkRefused,
    NothingToClose,
    is_same_caption,
    read_link,
    settle_by_link,
)
from workflows.effects.ledger import WorkerAtIt, strand
from workflows.effects.registry import EFFECTS
from workflows.keeper import sweep
from workflows.models import WorkflowRun

POST_ID = "7300000000000000000"


def handed_over(**changes: Any) -> WorkflowRun:
    """Return a run whose post a person has to make."""
    return work(approved_post(direct_account(delivery="by_hand"), **changes))


def ana(run: WorkflowRun) -> User:
    """Return somebody of the run's workspace."""
    return person(run.workspace, Role.OPERATOR, first_name="Ana")


def link(run: WorkflowRun, post_id: str = POST_ID) -> str:
    """Return the address of a post on the run's account."""
    return f"https://www.tiktok.com/@{run.account.handle}/video/{post_id}"


def post_on_the_phone(run: WorkflowRun, caption: str) -> str:
    """Post with this caption as the account, past us; return the post's link."""
    token = sandbox_token(run.account.handle)
    put_online(get_tiktok(), token=token, title=caption)
    return link(run, tiktok_ledger.posts(username=run.account.handle)[-1].post_id)


def close(run: WorkflowRun, url: str) -> Any:
    """Close the run's effect with a link."""
    return settle_by_link(effect_id=effect_of(run).id, by=ana(run), url=url)


def test_post_by_hand_waits_for_a_person_and_tiktok_hears_nothing(tiktok: Any) -> None:
    run = handed_over()

    step = post_step(run)
    assert (run.status, step.status, step.wake_at) == ("waiting", "waiting", None)
    assert (
        step.error == "A person posts it: the video, the caption and the settings are on the effect's page."
    )
    assert moves(run) == ["prepared", "handed_over"]
    assert tiktok_ledger.received() == ()
    assert effect_of(run).request.status == "released"


def test_keeper_leaves_what_was_handed_over_alone(tiktok: Any) -> None:
    run = handed_over()

    sweep()

    assert (post_step(run).status, effect_of(run).status) == ("waiting", "handed_over")


def test_worker_that_comes_back_to_a_handed_over_post_waits_on(tiktok: Any) -> None:
    run = approved_post(direct_account(delivery="by_hand"))
    EFFECTS["post_video"].perform(taken_work(run))
    expire_lease(post_step(run))

    run = work(run)

    assert (post_step(run).status, moves(run)) == ("waiting", ["prepared", "handed_over"])


@pytest.mark.parametrize(
    ("caption", "live", "matches"),
    [
        (CAPTION, CAPTION, True),
        (CAPTION, "Something else", False),
        (CAPTION, f"{CAPTION} and more", False),
        ("a" * 200, "a" * 200, True),
        ("a" * 200, "a" * 149 + "b" * 51, False),
    ],
)
def test_close_with_a_link_compares_what_is_live(tiktok: Any, caption: str, live: str, matches: bool) -> None:
    run = handed_over(caption=caption)
    url = post_on_the_phone(run, live)

    effect = close(run, f" {url}?is_from_webapp=1#top ")

    run.refresh_from_db()
    assert (run.status, post_step(run).status, effect.status) == ("succeeded", "succeeded", "confirmed")
    assert (effect.confirmed_by, str(effect.settled_by.first_name)) == ("person", "Ana")
    assert effect.evidence == {"live_caption": live[:CUT_AT], "caption_matches": matches}
    assert effect.url == url
    assert (post_step(run).output or {})["url"] == url
    assert AuditEvent.objects.filter(verb="effect.confirmed", subject=f"effect {effect.id}").count() == 1
    assert tiktok_ledger.received(operation="init", username=run.account.handle)[0].operation == "init"


def test_close_with_the_link_of_a_post_tiktok_does_not_show_keeps_that_it_could_not_be_read(
    tiktok: Any,
) -> None:
    run = handed_over()

    effect = close(run, link(run))

    assert (effect.status, effect.post_id) == ("confirmed", POST_ID)
    assert effect.evidence == {"live_caption": None, "caption_matches": None}


@pytest.mark.parametrize("trouble", ["unreachable", "live provider", "live account"])
def test_close_while_tiktok_cannot_be_read_takes_the_persons_word(tiktok: Any, trouble: str) -> None:
    run = handed_over()
    if trouble == "unreachable":
        tiktok.PROVIDERS = providers(video_query={"unreachable": 9})
    if trouble == "live account":
        with triggers_off("approvals_decision"):
            payload = canonical_json({**json.loads(bytes(effect_of(run).decision.payload)), "mode": "live"})
            sql(
                "UPDATE approvals_decision SET payload = %s WHERE id = %s",
                payload,
                effect_of(run).decision_id,
            )
    if trouble == "live provider":
        live = {**tiktok.PROVIDERS["tiktok"], "MODE": "live", "OPTIONS": {}}
        tiktok.PROVIDERS = {**tiktok.PROVIDERS, "tiktok": live}

    effect = close(run, link(run))

    assert (effect.status, effect.evidence["caption_matches"]) == ("confirmed", None)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://vm.tiktok.com/ZMabcdef/",
        "http://www.tiktok.com/@{handle}/video/7300000000000000000",
        "https://www.tiktok.com/@{handle}/photo/7300000000000000000",
        "https://www.tiktok.com.evil.example/@{handle}/video/7300000000000000000",
        "https://www.tiktok.com/@{handle}/video/7300000000000000000/../1",
        "https://www.tiktok.com/@{handle}/video/7300000000000000000 javascript:alert(1)",
        "https://www.tiktok.com/@{handle}/video/٧٣٠٠٠٠٠",
        "javascript:alert(1)//https://www.tiktok.com/@{handle}/video/7300000000000000000",
    ],
)
def test_close_with_what_is_no_link_of_a_post_is_refused(tiktok: Any, url: str) -> None:
    run = handed_over()

    with pytest.raises(LinkRefused, match="is not that of a post: copy it from TikTok"):
        close(run, url.format(handle=run.account.handle))

    assert (effect_of(run).status, post_step(run).status) == ("handed_over", "waiting")


def test_close_with_a_post_of_another_account_is_refused(tiktok: Any) -> None:
    run = handed_over()

    with pytest.raises(
        LinkRefused, match=f"leads to a post of @another: give the one on @{run.account.handle}"
    ):
        close(run, f"https://www.tiktok.com/@another/video/{POST_ID}")

    assert effect_of(run).status == "handed_over"


@pytest.mark.parametrize(
    "url",
    [
        f"https://www.tiktok.com/@lumen.lamps/video/{POST_ID}",
        f"https://tiktok.com/@Lumen.Lamps/video/{POST_ID}/",
        f"https://m.tiktok.com/@lumen.lamps/video/{POST_ID}?lang=de",
        f"\n https://www.tiktok.com/@lumen.lamps/video/{POST_ID}#x \t",
    ],
)
def test_read_link_of_a_post_gives_its_id(url: str) -> None:
    assert read_link(url, handle="lumen.lamps") == POST_ID


def test_close_with_a_very_long_link_keeps_the_short_one(tiktok: Any) -> None:
    run = handed_over()

    effect = close(run, f"{link(run)}?{'x' * 400}")

    assert effect.url == link(run)


def test_close_twice_is_refused_and_changes_nothing(tiktok: Any) -> None:
    run = handed_over()
    close(run, link(run))

    with pytest.raises(NothingToClose, match="This effect is confirmed: it needs no link"):
        close(run, link(run, "7300000000000000001"))

    assert effect_of(run).post_id == POST_ID


@pytest.mark.parametrize("status", ["prepared", "sent"])
def test_close_of_what_needs_no_link_is_refused(tiktok: Any, status: str) -> None:
    tiktok.PROVIDERS = providers(creator_info={"unreachable": 1} if status == "prepared" else {})
    run = work(approved_post())
    assert effect_of(run).status == status

    with pytest.raises(NothingToClose, match=f"This effect is {status}: it needs no link"):
        close(run, link(run))


def test_close_of_an_unknown_post_ends_its_run_and_nothing_is_sent_again(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(upload={"timeout_after": 1})
    run = work(approved_post())
    [post] = tiktok_ledger.posts()

    effect = close(run, link(run, post.post_id))
    run = time_passes(run)

    assert (effect.status, effect.confirmed_by, effect.upload_secret) == ("confirmed", "person", None)
    assert effect.evidence["caption_matches"] is True
    assert (run.status, len(tiktok_ledger.posts())) == ("succeeded", 1)
    assert len(tiktok_ledger.received(operation="init")) == 1


def test_close_of_an_unknown_post_whose_step_was_just_woken_ends_it_at_its_turn(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(upload={"timeout_after": 1})
    run = work(approved_post())
    sql("SELECT workflow_wake(%s)", post_step(run).id)

    close(run, link(run))
    assert post_step(run).status == "ready"
    run = work(run)

    assert (run.status, (post_step(run).output or {})["post_id"]) == ("succeeded", POST_ID)


def test_close_of_an_unknown_post_whose_step_failed_leaves_the_step(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(upload={"timeout_after": 1})
    run = work(approved_post())
    sql(
        "UPDATE workflows_workflowstep SET status = 'failed', error = 'Ours.', wake_at = NULL,"
        " finished_at = clock_timestamp() WHERE id = %s",
        post_step(run).id,
    )
    assert not strand(effect_of(run))

    effect = close(run, link(run))

    assert (effect.status, post_step(run).status) == ("confirmed", "failed")


def test_close_while_a_worker_is_at_it_is_to_be_tried_again(tiktok: Any) -> None:
    run = approved_post(direct_account(delivery="by_hand"))
    EFFECTS["post_video"].perform(taken_work(run))  # its step is not finished yet

    with pytest.raises(WorkerAtIt):
        close(run, link(run))

    assert effect_of(run).status == "handed_over"


def test_close_by_two_at_once_is_one_confirmation(tiktok: Any) -> None:
    run = handed_over()
    effect, people = effect_of(run).id, [ana(run), person(run.workspace, Role.OPERATOR)]

    def one(by: User) -> str:
        try:
            settle_by_link(effect_id=effect, by=by, url=link(run))
        except NothingToClose:
            return "refused"
        finally:
            connections.close_all()
        return "closed"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(one, people)) == ["closed", "refused"]

    run.refresh_from_db()
    assert (run.status, moves(run)) == ("succeeded", ["prepared", "handed_over", "confirmed"])


@pytest.mark.parametrize(
    ("approved", "live", "same"),
    [
        ("short", "short", True),
        ("short ", " short", True),
        ("short", "shorter", False),
        ("a" * CUT_AT, "a" * CUT_AT, True),
        ("a" * 151, "a" * CUT_AT, True),
        ("a" * 149, "a" * CUT_AT, False),
        ("b" + "a" * 200, "a" * CUT_AT, False),
    ],
)
def test_is_same_caption_compares_as_far_as_tiktok_shows(approved: str, live: str, same: bool) -> None:
    assert is_same_caption(approved, live) is same

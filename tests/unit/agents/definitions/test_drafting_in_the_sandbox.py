"""Both drafting agents through the one door, on the sample posts, with the sandbox writing."""

import csv
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from agents.contract import AgentContext, BrandVoice
from agents.definitions.content_ideator import MOST_IDEAS
from agents.models import AgentRun, AgentStep
from agents.providers.errors import OutputInvalid
from agents.runner import run_agent
from agents.skills.captions import utf16_length
from tests.factories.accounts import AccountFactory
from tests.factories.agents import asked, scripted
from tests.factories.content import store_posts
from tiktok_ops.content.figures import PostFigures

pytestmark = pytest.mark.django_db

SAMPLE = Path(settings.BASE_DIR) / "workflows" / "demo" / "sample_posts.csv"


def sample_posts() -> list[PostFigures]:
    with SAMPLE.open(encoding="utf-8") as file:
        return [_post(row) for row in csv.DictReader(file)]


def _post(row: dict[str, str]) -> PostFigures:
    return PostFigures(
        row["video_id"],
        datetime.fromisoformat(row["created_at"]),
        row["caption"],
        tuple(row["hashtags"].replace("#", "").split()),
        *(int(row[name]) for name in ("views", "likes", "comments", "shares")),
    )


def context(*, brand: BrandVoice | None = None, left_out: int = 0) -> AgentContext:
    account = AccountFactory.create(handle="lumen.lamps")
    posts = sorted(sample_posts(), key=lambda post: post.created_at)[: -left_out or None]
    store_posts(account, posts)
    assert account.data_as_of is not None
    return AgentContext(account_id=account.id, handle="lumen.lamps", as_of=account.data_as_of, brand=brand)


def ideas(given: dict[str, Any], **kwargs: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run_agent("content_ideator", given, context(**kwargs)).output["ideas"]
    return found


def test_ideate_on_the_sample_posts_proposes_something_new_each_time() -> None:
    first = ideas({})
    assert [idea["key"] for idea in first] == ["i1", "i2", "i3"]
    assert len({idea["topic"] for idea in first}) == 3
    assert all(idea["topic"] in f"{idea['hook']} {idea['outline']}".lower() for idea in first)
    assert all(idea["novelty"] > 0.15 for idea in first)
    earlier = ideas({}, left_out=1)
    assert {idea["hook"] for idea in earlier}.isdisjoint(idea["hook"] for idea in first)


@pytest.mark.parametrize("topics", [["lamp"], ["cold brew", "lamp"], ["a", "b", "c", "d", "e"], []])
def test_ideate_as_many_as_allowed_stays_below_the_likeness(topics: list[str]) -> None:
    found = ideas({"topics": topics, "n": MOST_IDEAS})
    assert len({idea["hook"] for idea in found}) == MOST_IDEAS


def test_ideate_for_segments_tells_the_outlines_for_them() -> None:
    found = ideas({"segments": [{"name": "Flat hunters", "terms": ["firstflat"], "score": 0.7}], "n": 1})
    assert found[0]["topic"] == "firstflat"
    assert "Flat hunters" in found[0]["outline"]


def test_produce_an_idea_of_the_sample_posts_stays_within_every_limit() -> None:
    brand = BrandVoice(name="Lumen", banned_claims=("heals",))
    whom = context(brand=brand)
    idea = run_agent("content_ideator", {}, whom).output["ideas"][0]
    answer = run_agent("content_producer", {"idea": idea, "duration_seconds": 3}, whom)
    draft = answer.output
    assert draft["caption"].startswith(f"{idea['hook']}. ")
    assert draft["caption"].endswith(" ".join(f"#{tag}" for tag in draft["hashtags"]))
    assert draft["hashtags"][0] == idea["topic"]
    assert 1 <= len(draft["hashtags"]) <= 5
    assert draft["caption_utf16_units"] == utf16_length(draft["caption"])
    assert 1 <= len(draft["on_screen_text"]) <= 3
    assert all(len(line) <= 60 for line in draft["on_screen_text"])
    assert draft["settings"]["privacy_level"] is None
    assert draft["brief"]["avoid"] == ["heals"]
    assert AgentRun.objects.get(id=answer.agent_run_id).status == "succeeded"


def test_produce_with_a_long_hook_shortens_the_line() -> None:
    idea = {"hook": "word " * 30, "outline": "", "topic": "lamp"}
    draft = run_agent("content_producer", {"idea": idea}, context()).output
    assert len(draft["on_screen_text"][0]) <= 60


def test_produce_a_topic_for_a_new_account_needs_no_posts() -> None:
    account = AccountFactory.create()
    whom = AgentContext(
        account_id=account.id, handle="new", as_of=datetime.fromisoformat("2026-01-01T00:00:00Z")
    )
    draft = run_agent("content_producer", {"topic": "cold brew"}, whom).output
    assert draft["hashtags"] == ["coldbrew"]
    assert "cold brew" in draft["caption"]


def test_ideate_with_an_idea_too_much_like_a_caption_asks_once_more() -> None:
    whom = context()
    posted = sample_posts()[0].caption
    wrong = {"ideas": [{"key": "i1", "hook": posted, "outline": "Show it."}]}
    right = {"ideas": [{"key": "i1", "hook": "Where shadows fall", "outline": "Show it."}]}
    with override_settings(PROVIDERS=scripted([wrong, right])):
        answer = run_agent("content_ideator", {"n": 1, "topics": ["lamp"]}, whom)
        assert f"The idea 'i1' ('{posted}') is too much like the caption" in asked()[1].user
    assert answer.output["ideas"][0]["hook"] == "Where shadows fall"
    assert AgentStep.objects.filter(agent_run_id=answer.agent_run_id, kind="claude").count() == 2


def test_ideate_with_the_same_idea_twice_fails_after_the_repair() -> None:
    whom = context()
    wrong = {"ideas": [{"key": "i1", "hook": sample_posts()[0].caption, "outline": "Show it."}]}
    with (
        override_settings(PROVIDERS=scripted([wrong])),
        pytest.raises(OutputInvalid, match="too much like the caption"),
    ):
        run_agent("content_ideator", {"n": 1, "topics": ["lamp"]}, whom)

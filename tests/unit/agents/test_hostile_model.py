"""A hostile model can do no harm: it changes words, where they fit, and nothing else ever happens.

Every agent there is, over the real client, against answers of every shape. What is taken has the shape of the
agent's output and the figures that were computed, also in its words; what is not is a sentence. No answer acts,
and none brings a secret or the system prompt to where somebody could read it.
"""

import csv
import json
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog
from django.db.models import Model
from django_q.models import OrmQ
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from pytest_django import Settings

from agents.contract import AgentContext, Nothing
from agents.leaks import words_in
from agents.models import AgentRun, AgentStep, Breaker, SandboxRequest, SandboxStudioJob
from agents.prompts import render_system, render_user
from agents.providers import breakers
from agents.providers.errors import ProviderUnavailable
from agents.registry import AGENTS, AnyAgent
from agents.runner import Asked, run_agent
from agents.sandbox.answers import answer_for
from agents.sandbox.claude_messages import facts_in
from agents.skills.captions import utf16_length
from approvals.models import ApprovalRequest, Decision
from tests.factories.accounts import AccountFactory
from tests.factories.agents import use_agents
from tests.factories.content import store_posts
from tests.factories.hostile import (
    BRAND,
    CANARIES,
    CANARY,
    INSTRUCTIONS,
    INVENTED,
    SECRETS,
    SHAPES,
    STUDIO_SECRET,
    Target,
)
from tests.factories.hostile_model import KnownAgent, Tongue, hostile
from tests.forms import times
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.alerts.models import Alert
from tiktok_ops.content.figures import PostFigures
from tiktok_ops.content.models import Artifact, Comment, Creator, Post, Product
from tiktok_ops.env import BASE_DIR
from tiktok_ops.errors import Refused
from workflows.models import Effect, WorkflowRun

pytestmark = pytest.mark.django_db

SAMPLE = BASE_DIR / "workflows" / "demo" / "sample_posts.csv"
GIVEN: dict[str, dict[str, Any]] = {
    "performance_feedback": {"window_days": 90},
    "trend_watcher": {"freshness_hours": 720, "min_fit": 0},
    "content_ideator": {"topics": ["lamp", "first flat"], "n": 2},
    "content_producer": {"topic": "lamp", "duration_seconds": 6},
    "creator_outreach": {"segments": [{"name": "tea", "terms": ["tea"], "share": 1.0}], "max_creators": 2},
    "listing_optimizer": {"products": ["1"], "n_variants": 2},
    "compliance": {"draft": "This lamp lasts forever, guaranteed! DM me, link in bio."},
}
"""What agents are asked that need something; the others are asked what their input gives for an example, or nothing."""


def given_to(agent: AnyAgent) -> dict[str, Any]:
    """Return what the agent is asked."""
    extra = agent.Input.model_config.get("json_schema_extra")
    examples = extra.get("examples") if isinstance(extra, dict) else None
    example: dict[str, Any] = (
        dict(examples[0]) if isinstance(examples, list) and examples and isinstance(examples[0], dict) else {}
    )
    return GIVEN.get(agent.name, example)


DERIVED = {
    "content_producer": {"caption_utf16_units", "starts_at_seconds", "ends_at_seconds"},
    "content_ideator": {"novelty"},
    "listing_optimizer": {"score", "parts", "recommended_index"},
}
"""The figures that are measured of the words themselves; `check_measured` knows how."""

ASKING = sorted(name for name, agent in AGENTS.items() if agent.Words is not Nothing)
"""The agents that ask a model; the others call nobody."""

A_TRANSCRIPT = st.tuples(
    st.sampled_from(ASKING), st.sampled_from(SHAPES), st.sampled_from(SHAPES), st.integers(0, 2**32)
)
"""An agent, what it is answered first, what it is answered when it asks again, and the seed of both."""

TRANSCRIPTS = times(long=10_000, short=2_000)
"""In two halves, that can be played at once."""

IN_ONE_EXAMPLE = 50


class Stage:
    """A world in which every agent has something to say, with a hostile model to say it."""

    def __init__(self) -> None:
        self.tongue = Tongue()
        account = an_account()
        assert account.data_as_of is not None
        self.context = AgentContext(
            account_id=account.id, handle="lumen.lamps", as_of=account.data_as_of, locale="en-GB", brand=BRAND
        )
        self.agents = {name: KnownAgent(agent, self._facts(agent)) for name, agent in AGENTS.items()}
        self.targets = {name: self._target(agent) for name, agent in self.agents.items()}
        self.numbers = {
            name: numbers_in(self._composed(agent).model_dump(mode="json"), leave=DERIVED.get(name, set()))
            for name, agent in self.agents.items()
        }
        self.seen: Counter[str] = Counter()

    def _facts(self, agent: AnyAgent) -> BaseModel:
        facts: BaseModel = agent.compute(agent.Input.model_validate(given_to(agent)), self.context)
        if agent.name == "content_ideator":  # an idea is compared with every caption: a few will do
            facts = facts.model_copy(update={"captions": getattr(facts, "captions", ())[:9]})
        return facts

    def _target(self, agent: KnownAgent) -> Target:
        """Return what the agent asks, and words it takes, as the sandbox would write them."""
        prompt = agent.prompt(agent.facts, self.context)
        system = render_system(BRAND, self.context.locale)
        if prompt is None:
            return Target(system, "", {})
        user = render_user(prompt)
        return Target(system, user, answer_for(agent.Words.model_json_schema(), facts_in(user)))

    def _composed(self, agent: KnownAgent) -> BaseModel:
        target = self.targets[agent.name]
        return agent.compose(agent.facts, agent.Words.model_validate(target.words) if target.user else None)

    def play(self, name: str, shapes: tuple[Any, ...], seed: int) -> None:
        """Let one agent be answered like this, and check what came of it."""
        chance, target = random.Random(seed), self.targets[name]
        replies = [lambda shape=shape: shape(chance, target) for shape in shapes]
        self.tongue.replies.clear()
        self.tongue.replies.extend(replies)
        asked = Asked(run_id=uuid4(), step_id=uuid4(), claim=1)
        try:
            answered = run_agent(name, given_to(AGENTS[name]), self.context, asked=asked)
        except Refused as refused:
            self.seen["refused"] += 1
            check_clean(str(refused))
            if isinstance(refused, ProviderUnavailable):  # it is no model that is away: ask on
                Breaker.objects.all().delete()
                breakers.forget()
        else:
            self.seen["taken"] += 1
            self.check_output(name, answered.output)
        self.seen["answers"] += len(shapes) - len(self.tongue.replies)

    def check_output(self, name: str, output: dict[str, Any]) -> None:
        """What was taken has its shape, its figures, and no leak."""
        agent = self.agents[name]
        parsed = agent.Output.model_validate(output)
        assert json.loads(parsed.model_dump_json()) == output
        assert numbers_in(output, leave=DERIVED.get(name, set())) == self.numbers[name]
        check_measured(name, output)
        told = json.dumps(output, ensure_ascii=False)
        check_clean(told)
        assert INVENTED not in digits_of(told), told


def an_account() -> TikTokAccount:
    """Return the sample account, with instructions in every third caption and under every post."""
    account: TikTokAccount = AccountFactory.create(handle="lumen.lamps")
    with SAMPLE.open(encoding="utf-8") as file:
        store_posts(account, [a_post(at, row) for at, row in enumerate(csv.DictReader(file))])
    as_of = account.data_as_of
    assert as_of is not None
    for at, post in enumerate(Post.objects.order_by("-created_at")[:20]):
        for number, text in enumerate(
            (INSTRUCTIONS[at % 9], "Where can I buy this lamp?", "It broke, refund now!")
        ):
            Comment.objects.create(
                account=account, post=post, comment_id=f"{at}-{number}", author=f"viewer{at}", text=text,
                created_at=as_of - timedelta(hours=at + number),
            )  # fmt: skip
    Product.objects.create(account=account, product_id="1", title=INSTRUCTIONS[0])
    for number in range(3):
        Creator.objects.create(
            workspace=account.workspace, handle=f"creator{number}", followers=900, segments={"tea": 1.0}
        )
    return account


def a_post(at: int, row: dict[str, str]) -> PostFigures:
    """Return a post of the sample."""
    return PostFigures(
        row["video_id"],
        datetime.fromisoformat(row["created_at"]),
        f"{row['caption']} {INSTRUCTIONS[at % 9] if at % 3 == 0 else ''}",
        tuple(row["hashtags"].replace("#", "").split()),
        int(row["views"]) * (80 if at % 11 == 0 else 1) // (80 if at % 12 == 0 else 1) + 1,
        *(int(row[name]) for name in ("likes", "comments", "shares")),
    )


def numbers_in(value: Any, *, leave: set[str], at: str = "") -> list[tuple[str, Any]]:
    """Return every figure, flag and nothing in a JSON value, with where it stands."""
    if isinstance(value, dict):
        parts = [(f"{at}.{key}", part) for key, part in value.items() if key not in leave]
    elif isinstance(value, list):
        parts = [(f"{at}[]", part) for part in value]
    else:
        return [] if isinstance(value, str) else [(at, value)]
    return [found for where, part in parts for found in numbers_in(part, leave=leave, at=where)]


def check_measured(name: str, output: dict[str, Any]) -> None:
    """The figures that depend on the words are those of the words."""
    if name == "content_producer":
        assert output["caption_utf16_units"] == utf16_length(output["caption"]) <= 2_200
        shots, lines = output["brief"]["shots"], output["on_screen_text"]
        each = output["duration_seconds"] / len(lines)
        assert [shot["line"] for shot in shots] == lines
        assert [shot["ends_at_seconds"] for shot in shots] == [
            round(each * (at + 1), 3) for at in range(len(lines))
        ]
    if name == "content_ideator":
        assert all(0.15 < idea["novelty"] <= 1 for idea in output["ideas"])


def digits_of(text: str) -> str:
    """Return a text with the digits of each figure together, as a reader sees them, in any script."""
    seen = "".join(one for one in unicodedata.normalize("NFKC", text) if unicodedata.category(one) != "Cf")
    plain = "".join(str(unicodedata.digit(one)) if one.isdigit() else one for one in seen)
    return re.sub(r"(?<=\d)[.,' ](?=\d)", "", plain)


def check_clean(text: str) -> None:
    """Nothing in here is a secret, or the brand's canary among words of the system prompt."""
    assert [canary for canary in CANARIES if canary in text] == []
    assert words_in(CANARY)[0] not in words_in(text), text


def check_nothing_happened(before: dict[str, int]) -> None:
    """No row of what acts was made, nobody was rung for, and nothing that was kept leaks."""
    assert counts() == before
    for run in AgentRun.objects.values_list("output", "error", "facts"):
        check_clean(json.dumps(run, ensure_ascii=False))
    for step in AgentStep.objects.values_list("response", "error", "model", "provider_request_id"):
        check_clean(json.dumps(step, ensure_ascii=False))
    for kept in (
        Breaker.objects.values_list("last_error"),
        Alert.objects.values_list("sentence", "what_to_do"),
    ):
        check_clean(json.dumps(list(kept), ensure_ascii=False))


ACTING: tuple[type[Model], ...] = (
    Effect, ApprovalRequest, Decision, WorkflowRun, OrmQ, SandboxRequest, SandboxStudioJob, Artifact, Comment,
)  # fmt: skip


def counts() -> dict[str, int]:
    """Return how many rows there are of everything that acts, is asked, or was sent out."""
    return {model.__name__: model._default_manager.count() for model in ACTING}


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Stage]:
    """Have a world with canaries in every secret setting and in the brand, and log lines kept to be looked at."""
    for name, value in SECRETS.items():
        setattr(settings, name, value)
    made = Stage()
    studio = settings.PROVIDERS["studio"]
    studio = {**studio, "OPTIONS": {**studio["OPTIONS"], "api_key": STUDIO_SECRET}}
    settings.PROVIDERS = {**settings.PROVIDERS, "studio": studio, "claude": hostile(made.tongue)}
    use_agents(monkeypatch, *made.agents.values())
    with structlog.testing.capture_logs() as lines:
        yield made
    check_clean(json.dumps(lines, default=str))


def play_all(stage: Stage, half: int) -> None:
    """Play half of the transcripts, other ones for each half, and check once what they left behind."""
    before = counts()

    @seed(half)
    @settings_of(TRANSCRIPTS // 2 // IN_ONE_EXAMPLE)
    @given(st.lists(A_TRANSCRIPT, min_size=IN_ONE_EXAMPLE, max_size=IN_ONE_EXAMPLE))
    def play(transcripts: list[tuple[str, Any, Any, int]]) -> None:
        for name, first, second, chance in transcripts:
            try:
                stage.play(name, (first, second), chance)
            except BaseException as error:
                error.add_note(
                    f"{name} was answered by {first.__name__}, then {second.__name__}, seed {chance}"
                )
                raise

    play()
    check_nothing_happened(before)
    assert {request.url.host for request in stage.tongue.asked} == {"api.anthropic.com"}


def settings_of(examples: int) -> Callable[[Any], Any]:
    """Return Hypothesis' settings for so many examples."""
    decorate: Callable[[Any], Any] = settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # each transcript stands alone and is named: nothing to shrink
    )
    return decorate


@pytest.mark.parametrize("half", [1, 2])
def test_answer_agents_with_harm_in_mind_changes_words_and_nothing_else(stage: Stage, half: int) -> None:
    play_all(stage, half)
    assert stage.seen["taken"] + stage.seen["refused"] >= TRANSCRIPTS // 2, stage.seen
    assert min(stage.seen["taken"], stage.seen["refused"]) > 200, stage.seen


def test_play_drives_every_agent_that_asks_a_model(stage: Stage) -> None:
    assert [name for name in ASKING if not stage.targets[name].user] == []
    asking = [name for name, target in stage.targets.items() if target.user]
    assert sorted(asking) == ASKING
    for name in AGENTS:
        stage.play(name, (SHAPES[0],), 1)
    assert (stage.seen["taken"], stage.seen["answers"]) == (len(AGENTS), len(asking))
    assert not any(INVENTED in digits_of(target.user) for target in stage.targets.values())
    assert UUID(int=0) not in AgentRun.objects.values_list("id", flat=True)

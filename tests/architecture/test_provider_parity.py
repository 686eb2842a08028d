"""What agents and nodes declare they ask is there in sandbox and live alike, under the same names and signatures.

One client speaks in both modes, over another transport; so the parity is of what the registry builds in each mode,
against what its callers were promised, and of what the sandbox answers: an operation for every endpoint of every
family a client names.
"""

import ast
import inspect
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, TypeGuard

import pytest
from django.conf import settings

from agents.contract import Nothing
from agents.providers.errors import ProviderError
from agents.providers.language import LanguageProvider
from agents.providers.media import Transcoder
from agents.providers.registry import check_providers, get_provider
from agents.providers.studio.jobs import Studio
from agents.providers.studio.provider import StudioProvider
from agents.providers.tiktok.connection import Endpoint
from agents.providers.tiktok.provider import TikTokProvider
from agents.registry import AGENTS, AnyAgent
from agents.sandbox.tiktok.operations import BUSINESS, SHOP
from agents.sandbox.tiktok.registry import OPERATIONS
from tests.architecture.source import modules
from workflows.catalogue import WORKFLOWS
from workflows.executors import EXECUTORS
from workflows.ports import PROVIDERS, providers_of

BUSINESS_ROOT = "/open_api/v1.3"

KEYS: dict[str, dict[str, Any]] = {
    "claude": {"api_key": "sk-made"},
    "tiktok": {
        "client_key": "made",
        "client_secret": "made",
        "shop_app_key": "made",
        "shop_app_secret": "made",
    },
    "studio": {"api_key": "made", "base_url": "https://studio.example"},
    "transcoder": {},
}


def provider_in(alias: str, mode: str, override: Any) -> Any:
    """Return the provider as this mode builds it."""
    known = settings.PROVIDERS[alias]
    made = {**known, "MODE": mode, "OPTIONS": {**known["OPTIONS"], **KEYS[alias]}}
    override.PROVIDERS = {**settings.PROVIDERS, alias: made}
    return get_provider(alias)


def surface(thing: Any, *, depth: int = 2) -> dict[str, str]:
    """Return every public method below, by its dotted name, with its signature."""
    found = {}
    for name in dir(thing):
        if name.startswith("_"):
            continue
        value = getattr(thing, name)
        if inspect.ismethod(value):
            found[name] = str(inspect.signature(value))
        elif depth > 1 and type(value).__module__.startswith("agents.providers."):
            found |= {f"{name}.{inner}": told for inner, told in surface(value, depth=depth - 1).items()}
    return found


@pytest.mark.parametrize("alias", sorted(KEYS))
def test_build_a_provider_in_either_mode_gives_the_same_surface(alias: str, settings: Any) -> None:
    sandbox, live = (surface(provider_in(alias, mode, settings)) for mode in ("sandbox", "live"))
    assert sandbox == live
    assert sandbox


def test_parity_looks_at_every_provider_there_is() -> None:
    assert set(KEYS) == set(settings.PROVIDERS)
    assert check_providers(deep=True) == []


def asked_of_tiktok() -> Iterator[tuple[str, str, str]]:
    """Yield (module, family, method) of every call of a TikTok provider's reader in our code."""
    families = {name for name in vars(TikTokProvider("sandbox", {})) if not name.startswith("_")}
    for module in modules("agents", "approvals", "workflows"):
        for node in ast.walk(module.tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            holder = node.func.value
            if isinstance(holder, ast.Attribute) and holder.attr in families and _is_provider(holder.value):
                yield module.name, holder.attr, node.func.attr


def _is_provider(node: ast.expr) -> bool:
    """Return whether an expression is called a provider."""
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name in {"provider", "_provider", "tiktok"}


def test_ask_tiktok_only_what_both_modes_can_answer() -> None:
    provider = TikTokProvider("sandbox", {})
    asked = list(asked_of_tiktok())
    missing = [one for one in asked if not callable(getattr(getattr(provider, one[1]), one[2], None))]
    assert missing == []
    assert {family for _, family, _ in asked} >= {"display"}


OPEN = {
    node.value
    for module in modules("agents/providers/tiktok")
    for node in ast.walk(module.tree)
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("/v2/")
} - {"/v2/auth/authorize/"}
"""What the clients of the Open API call; where a person agrees is a page, no endpoint."""

NUMBERED = {
    endpoint
    for module in modules("agents/providers/tiktok")
    for value in vars(import_module(module.name)).values()
    for endpoint in (value.values() if isinstance(value, dict) else [value])
    if isinstance(endpoint, Endpoint)
}
"""What the clients of the Business and the Shop API call."""


def test_name_an_endpoint_only_where_the_sandbox_serves_it() -> None:
    served = {operation.path for operation in OPERATIONS if operation.style not in (BUSINESS, SHOP)}
    assert served == OPEN


def test_name_an_endpoint_of_business_and_shop_only_where_the_sandbox_serves_it() -> None:
    """By name, method and path, in the style its wire speaks; what the sandbox serves, some client calls."""
    served = {
        (one.name, one.method, one.path.removeprefix(BUSINESS_ROOT))
        for one in OPERATIONS
        if one.style in (BUSINESS, SHOP)
    }
    assert served == {(one.name, one.method, one.path) for one in NUMBERED}
    business = {one.name for one in OPERATIONS if one.path.startswith(BUSINESS_ROOT)}
    assert business == {one.name for one in OPERATIONS if one.style is BUSINESS}


@pytest.mark.django_db
def test_studio_serves_what_its_client_calls(tmp_path: Path) -> None:
    studio = StudioProvider("sandbox", {})
    refused = []
    for call in (studio.status, partial(studio.download, out=tmp_path / "clip.mp4")):
        with pytest.raises(ProviderError) as trouble:
            call("no_such_job")
        refused.append(str(trouble.value))
    assert not any("nothing here" in said for said in refused), refused


DECLARED = {alias for agent in AGENTS.values() for alias in agent.providers} | {
    alias for workflow in WORKFLOWS.values() for node in workflow.nodes for alias in providers_of(node)
}
ASKED_BY = {"get_tiktok": "tiktok", "get_studio": "studio", "get_transcoder": "transcoder"}
"""By which function code asks for a provider."""


def test_declare_providers_that_there_are_in_both_modes() -> None:
    assert set(KEYS) == DECLARED


@pytest.mark.parametrize("agent", AGENTS.values(), ids=AGENTS)
def test_agent_declares_claude_where_it_has_something_put_into_words_and_nothing_else(
    agent: AnyAgent,
) -> None:
    assert agent.providers == (() if agent.Words is Nothing else ("claude",))


def test_declare_for_each_kind_of_node_what_its_code_asks() -> None:
    told: dict[str, set[str]] = defaultdict(set)
    for kind, aliases in PROVIDERS.items():
        told[EXECUTORS[kind].__module__] |= set(aliases)
    for name in ("workflows.rendering", "workflows.assembling", "workflows.studio"):
        [module] = [one for one in modules("workflows") if one.name == name]
        called = {node.func.id for node in ast.walk(module.tree) if _is_plain_call(node)}
        assert {ASKED_BY[one] for one in called & set(ASKED_BY)} == told[name], name
    assert set(PROVIDERS) <= set(EXECUTORS)


def _is_plain_call(node: ast.AST) -> TypeGuard[Any]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)


@pytest.mark.parametrize(
    ("alias", "protocol"),
    [("studio", Studio), ("transcoder", Transcoder), ("claude", LanguageProvider)],
    ids=["studio", "transcoder", "claude"],
)
@pytest.mark.parametrize("mode", ["sandbox", "live"])
def test_build_a_provider_in_either_mode_gives_what_its_callers_were_promised(
    alias: str, protocol: type, mode: str, settings: Any
) -> None:
    provider = provider_in(alias, mode, settings)
    promised = {
        name: value for name, value in vars(protocol).items() if inspect.isfunction(value) and name[0] != "_"
    }
    assert promised
    for name, wanted in promised.items():
        mine = inspect.signature(getattr(type(provider), name)).parameters
        theirs = inspect.signature(wanted).parameters
        assert list(mine)[: len(theirs)] == list(theirs), name
        more = list(mine.values())[len(theirs) :]
        assert all(one.default is not one.empty for one in more), name

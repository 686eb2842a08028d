"""What agents and effects ask of a provider is there in sandbox and live alike, under the same names and signatures.

One client speaks in both modes, over another transport; so the parity is of what each mode builds and of what the
sandbox answers: every reader and writer there is, and an operation of the sandbox for every endpoint a client names.
"""

import ast
import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from agents.providers.registry import check_providers, get_provider
from agents.providers.tiktok.provider import TikTokProvider
from agents.sandbox.tiktok.registry import OPERATIONS
from tests.architecture.source import modules

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


def test_name_an_endpoint_only_where_the_sandbox_serves_it() -> None:
    served = {operation.path for operation in OPERATIONS}
    named = {
        node.value
        for module in modules("agents/providers/tiktok")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("/v2/")
    }
    assert named - served == {"/v2/auth/authorize/"} & named
    assert len(named) >= 9

"""The registry: providers by alias, built once, and what is wrong with the settings."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from pytest_django import Settings

from agents.providers.claude import ClaudeProvider
from agents.providers.errors import ProviderMisconfigured
from agents.providers.registry import Mode, check_providers, get_language_provider, get_provider

HERE = "tests.unit.agents.providers.test_registry"
CLAUDE = "agents.providers.claude.ClaudeProvider"
KEY = "sk-ant-secret-0123456789"


class Silent:
    """A provider that cannot be asked anything."""

    def __init__(self, mode: str, options: Mapping[str, Any]) -> None:
        self.mode = mode
        self.options = options

    @property
    def simulated(self) -> bool:
        """Return whether this is the sandbox."""
        return self.mode == "sandbox"


class Mute:
    """Something that is no provider at all."""

    def __init__(self, mode: str, options: Mapping[str, Any]) -> None:
        self.given = (mode, options)


NUMBER = 7


@pytest.fixture(autouse=True)
def claude_only(settings: Settings) -> None:
    """Give every test a registry with a sandbox Claude, built for it alone."""
    settings.PROVIDERS = {"claude": {"BACKEND": CLAUDE, "MODE": "sandbox", "OPTIONS": {}}}


def problem_with(settings: Settings, entry: object) -> str:
    """Return the sentence for an entry, which `get_provider` and `check_providers` have to agree on."""
    settings.PROVIDERS = {"x": entry}
    with pytest.raises(ProviderMisconfigured) as caught:
        get_provider("x")
    assert check_providers(deep=True) == [str(caught.value)]
    return str(caught.value)


def test_get_provider_twice_gives_the_same_one() -> None:
    assert get_provider("claude") is get_provider("claude")


def test_get_provider_by_dotted_path_builds_the_backend(settings: Settings) -> None:
    settings.PROVIDERS = {"x": {"BACKEND": f"{HERE}.Silent", "MODE": "live", "OPTIONS": {"speed": 3}}}
    provider = get_provider("x")
    assert isinstance(provider, Silent)
    assert provider.mode is Mode.LIVE
    assert provider.options == {"speed": 3}
    assert not provider.simulated


def test_get_provider_without_options_gives_none(settings: Settings) -> None:
    settings.PROVIDERS = {"x": {"BACKEND": f"{HERE}.Silent", "MODE": "sandbox"}}
    provider = get_provider("x")
    assert isinstance(provider, Silent)
    assert provider.options == {}
    assert provider.simulated


def test_get_provider_after_override_gives_another(settings: Settings) -> None:
    before = get_provider("claude")
    settings.PROVIDERS = {
        "claude": {"BACKEND": CLAUDE, "MODE": "sandbox", "OPTIONS": {"faults": {"refusal": 1}}}
    }
    assert get_provider("claude") is not before


def test_get_provider_after_override_with_equal_settings_starts_afresh(settings: Settings) -> None:
    before = get_provider("claude")
    settings.PROVIDERS = {"claude": {"BACKEND": CLAUDE, "MODE": "sandbox", "OPTIONS": {}}}
    assert get_provider("claude") is not before


def test_get_provider_after_override_of_another_setting_keeps_it(settings: Settings) -> None:
    before = get_provider("claude")
    settings.LANGUAGE_CODE = "de"
    assert get_provider("claude") is before


def test_get_provider_after_change_in_place_gives_another(settings: Settings) -> None:
    before = get_provider("claude")
    settings.PROVIDERS["claude"]["OPTIONS"]["faults"] = {"refusal": 1}
    assert get_provider("claude") is not before


def test_change_options_in_backend_leaves_the_settings_alone(settings: Settings) -> None:
    settings.PROVIDERS = {
        "x": {"BACKEND": f"{HERE}.Silent", "MODE": "sandbox", "OPTIONS": {"deep": {"a": 1}}}
    }
    provider = get_provider("x")
    assert isinstance(provider, Silent)
    provider.options["deep"]["a"] = 2
    assert settings.PROVIDERS["x"]["OPTIONS"] == {"deep": {"a": 1}}
    assert get_provider("x") is provider


def test_get_provider_in_forked_child_gives_another() -> None:
    before = get_provider("claude")
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writing, b"same" if get_provider("claude") is before else b"other")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 10) == b"other"
    assert get_provider("claude") is before
    os.close(reading)
    os.close(writing)


def test_get_provider_unknown_alias_names_the_known_ones() -> None:
    with pytest.raises(
        ProviderMisconfigured, match=r"has no 'cloud'; add it, or use one it has \('claude'\)\.$"
    ):
        get_provider("cloud")


def test_get_provider_without_any_says_so(settings: Settings) -> None:
    settings.PROVIDERS = {}
    with pytest.raises(ProviderMisconfigured, match="none yet"):
        get_provider("claude")


@pytest.mark.parametrize("mode", ["prod", "LIVE", "", None, 1, []])
def test_get_provider_unknown_mode_names_both(settings: Settings, mode: object) -> None:
    sentence = problem_with(settings, {"BACKEND": CLAUDE, "MODE": mode, "OPTIONS": {}})
    assert sentence == f"PROVIDERS['x']['MODE'] is {mode!r}; use 'sandbox' or 'live'."


def test_get_provider_without_mode_never_picks_one(settings: Settings) -> None:
    assert "['MODE'] is None" in problem_with(settings, {"BACKEND": CLAUDE})


@pytest.mark.parametrize("backend", [None, "", "claude", ".", 7])
def test_get_provider_backend_not_dotted_is_refused(settings: Settings, backend: object) -> None:
    sentence = problem_with(settings, {"BACKEND": backend, "MODE": "sandbox"})
    assert sentence == f"PROVIDERS['x']['BACKEND'] is {backend!r}; give the dotted path of a provider class."


@pytest.mark.parametrize(
    "backend",
    [
        "agents.providers.nowhere.Provider",
        "agents.providers.claude.NoSuchProvider",
        "no_such_package.module.Provider",
        f"{HERE}.NUMBER",
        f"{HERE}.Mute",
    ],
)
def test_get_provider_backend_that_is_none_is_refused(settings: Settings, backend: str) -> None:
    sentence = problem_with(settings, {"BACKEND": backend, "MODE": "sandbox"})
    assert sentence.startswith(f"PROVIDERS['x']['BACKEND'] is '{backend}', which cannot be imported")


@pytest.mark.parametrize("entry", ["claude", None, [CLAUDE]])
def test_get_provider_entry_not_a_dict_is_refused(settings: Settings, entry: object) -> None:
    assert f"PROVIDERS['x'] is a {type(entry).__name__}" in problem_with(settings, entry)


def test_get_provider_entry_with_unknown_part_names_it(settings: Settings) -> None:
    sentence = problem_with(settings, {"BACKEND": CLAUDE, "MODE": "sandbox", "OPTION": {"api_key": KEY}})
    assert sentence == "PROVIDERS['x'] has 'OPTION'; only BACKEND, MODE and OPTIONS are known."


def test_get_provider_options_not_a_dict_never_shows_them(settings: Settings) -> None:
    sentence = problem_with(settings, {"BACKEND": CLAUDE, "MODE": "sandbox", "OPTIONS": KEY})
    assert sentence == "PROVIDERS['x']['OPTIONS'] is a str; make it a dict."


@pytest.mark.parametrize("providers", [None, ["claude"], "claude"])
def test_get_provider_setting_not_a_dict_is_refused(settings: Settings, providers: object) -> None:
    settings.PROVIDERS = providers
    with pytest.raises(ProviderMisconfigured, match="make it a dict of aliases") as caught:
        get_provider("claude")
    assert check_providers() == [str(caught.value)]


def test_get_language_provider_gives_claude() -> None:
    provider = get_language_provider()
    assert isinstance(provider, ClaudeProvider)
    assert provider.simulated


def test_get_language_provider_that_cannot_be_asked_is_refused(settings: Settings) -> None:
    settings.PROVIDERS = {"x": {"BACKEND": f"{HERE}.Silent", "MODE": "sandbox"}}
    with pytest.raises(ProviderMisconfigured, match="'Silent', which cannot be asked in words"):
        get_language_provider("x")


def test_check_providers_all_well_finds_nothing() -> None:
    assert check_providers() == []
    assert check_providers(deep=True) == []


def test_check_providers_several_wrong_names_each(settings: Settings) -> None:
    settings.PROVIDERS = {
        "a": {"BACKEND": CLAUDE, "MODE": "prod"},
        "b": {"BACKEND": CLAUDE, "MODE": "sandbox"},
        "c": {"BACKEND": "agents.providers.nowhere.Provider", "MODE": "sandbox"},
        "d": {"BACKEND": "no_such_package.module.Provider", "MODE": "sandbox"},
    }
    assert [sentence[10:13] for sentence in check_providers()] == ["'a'", "'c'", "'d'"]


def test_check_providers_live_without_key_names_the_variable(settings: Settings) -> None:
    settings.PROVIDERS = {"claude": {"BACKEND": CLAUDE, "MODE": "live", "OPTIONS": {"api_key": ""}}}
    (sentence,) = check_providers()
    assert "ANTHROPIC_API_KEY is empty" in sentence


def test_check_providers_sandbox_with_wrong_options_is_found_when_deep(settings: Settings) -> None:
    settings.PROVIDERS = {
        "claude": {"BACKEND": CLAUDE, "MODE": "sandbox", "OPTIONS": {"faults": {"tired": 1}}}
    }
    assert check_providers() == []
    assert "OPTIONS['faults']['tired']" in check_providers(deep=True)[0]


@pytest.mark.slow
def test_check_providers_in_sandbox_never_imports_the_vendor() -> None:
    program = (
        "import sys, json, django; django.setup()\n"
        "from agents.providers.registry import check_providers\n"
        "print(json.dumps([check_providers(), sorted({'anthropic', 'httpx2'} & set(sys.modules))]))\n"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tiktok_ops.settings", "CLAUDE_MODE": "sandbox"}
    printed = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    assert json.loads(printed) == [[], []]

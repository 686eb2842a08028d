"""The providers this installation speaks to, as settings name them.

    PROVIDERS = {"claude": {"BACKEND": "dotted.path.Class", "MODE": "sandbox", "OPTIONS": {...}}}

A backend is called as `Backend(mode, options)`. It is imported when it is first asked for: a vendor's
library may take a second to load, and most commands never need it.
"""

import os
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.util import find_spec
from typing import Any, Protocol, runtime_checkable

from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.utils.module_loading import import_string

from agents.providers.errors import ProviderMisconfigured
from agents.providers.language import LanguageProvider


class Mode(StrEnum):
    """Whether a provider is the real one; nothing ever goes from live to sandbox by itself."""

    SANDBOX = "sandbox"
    LIVE = "live"


@runtime_checkable
class Provider(Protocol):
    """What every provider can say about itself."""

    @property
    def simulated(self) -> bool:
        """Return whether this is the sandbox."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One provider's settings, checked for their shape; options hold keys and are never shown."""

    backend: str
    mode: Mode
    options: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Built:
    """A provider, and the process and settings it was built in and from."""

    pid: int
    entry: _Entry
    provider: Provider


_built: dict[str, _Built] = {}


def get_provider(alias: str) -> Provider:
    """Return the provider `alias`, the same one for as long as the process and the settings are.

    A forked child and a changed setting get their own. Raises `ProviderMisconfigured`.
    """
    entry = _entry(alias)
    built = _built.get(alias)
    if built is None or built.pid != os.getpid() or built.entry != entry:
        # Options are copied, so that one changed in place is noticed too.
        built = _Built(os.getpid(), deepcopy(entry), _build(alias, entry))
        _built[alias] = built
    return built.provider


def get_language_provider(alias: str = "claude") -> LanguageProvider:
    """Return the provider `alias` as one that answers questions. Raises `ProviderMisconfigured`."""
    provider = get_provider(alias)
    if not isinstance(provider, LanguageProvider):
        raise ProviderMisconfigured(
            f"PROVIDERS[{alias!r}]['BACKEND'] is {type(provider).__qualname__!r}, which cannot be asked in "
            "words; name a language provider."
        )
    return provider


def mode_of(alias: str) -> Mode:
    """Return whether the provider `alias` is the real one, without building it. Raises `ProviderMisconfigured`."""
    return _entry(alias).mode


def check_providers(*, deep: bool = False) -> list[str]:
    """Return what is wrong with `settings.PROVIDERS`, a sentence each; nothing is sent anywhere.

    A live provider is always built, so that a missing key is found at the start. A sandbox one is only
    with `deep`; without, its backend is looked for but not imported.
    """
    providers = _providers()
    problems = []
    for alias in providers if isinstance(providers, Mapping) else [""]:
        try:
            _check(alias, deep=deep)
        except ProviderMisconfigured as problem:
            problems.append(str(problem))
    return problems


@receiver(setting_changed, dispatch_uid="agents.providers.registry")
def _forget(setting: str, **_: Any) -> None:
    """Forget every provider when a test overrides the settings: each override starts afresh."""
    if setting == "PROVIDERS":
        _built.clear()


def _check(alias: str, *, deep: bool) -> None:
    entry = _entry(alias)
    if deep or entry.mode is Mode.LIVE:
        get_provider(alias)
    else:
        _check_module(alias, entry)


def _providers() -> object:
    """Return the setting as it is, whatever somebody put there."""
    return settings.PROVIDERS


def _entry(alias: str) -> _Entry:
    """Return the settings of `alias`, or raise naming the one that is wrong."""
    providers = _providers()
    if not isinstance(providers, Mapping):
        raise ProviderMisconfigured(
            f"The setting PROVIDERS is a {type(providers).__name__}; make it a dict of aliases."
        )
    if alias not in providers:
        known = ", ".join(map(repr, providers)) or "none yet"
        raise ProviderMisconfigured(
            f"The setting PROVIDERS has no {alias!r}; add it, or use one it has ({known})."
        )
    given = providers[alias]
    if not isinstance(given, Mapping):
        raise ProviderMisconfigured(
            f"PROVIDERS[{alias!r}] is a {type(given).__name__}; make it a dict of BACKEND, MODE and OPTIONS."
        )
    unknown = sorted(map(repr, set(given) - {"BACKEND", "MODE", "OPTIONS"}))
    if unknown:
        raise ProviderMisconfigured(
            f"PROVIDERS[{alias!r}] has {', '.join(unknown)}; only BACKEND, MODE and OPTIONS are known."
        )
    return _Entry(_backend(alias, given), _mode(alias, given), _options(alias, given))


def _backend(alias: str, given: Mapping[str, Any]) -> str:
    backend = given.get("BACKEND")
    if not isinstance(backend, str) or "." not in backend.strip("."):
        raise ProviderMisconfigured(
            f"PROVIDERS[{alias!r}]['BACKEND'] is {backend!r}; give the dotted path of a provider class."
        )
    return backend


def _mode(alias: str, given: Mapping[str, Any]) -> Mode:
    mode = given.get("MODE")
    if mode not in list(Mode):
        raise ProviderMisconfigured(f"PROVIDERS[{alias!r}]['MODE'] is {mode!r}; use 'sandbox' or 'live'.")
    return Mode(mode)


def _options(alias: str, given: Mapping[str, Any]) -> dict[str, Any]:
    options = given.get("OPTIONS", {})
    if not isinstance(options, Mapping):
        raise ProviderMisconfigured(
            f"PROVIDERS[{alias!r}]['OPTIONS'] is a {type(options).__name__}; make it a dict."
        )
    return dict(options)


def _check_module(alias: str, entry: _Entry) -> None:
    """Look for the backend's module without importing it; only the packages above it are."""
    module = entry.backend.rpartition(".")[0]
    try:
        found = find_spec(module)
    except (ImportError, ValueError) as error:
        raise _unknown_backend(alias, entry.backend) from error
    if found is None:
        raise _unknown_backend(alias, entry.backend)


def _build(alias: str, entry: _Entry) -> Provider:
    try:
        backend = import_string(entry.backend)
    except ImportError as error:
        raise _unknown_backend(alias, entry.backend) from error
    if not callable(backend):
        raise _unknown_backend(alias, entry.backend)
    provider = backend(entry.mode, deepcopy(entry.options))
    if not isinstance(provider, Provider):
        raise _unknown_backend(alias, entry.backend)
    return provider


def _unknown_backend(alias: str, backend: str) -> ProviderMisconfigured:
    return ProviderMisconfigured(
        f"PROVIDERS[{alias!r}]['BACKEND'] is {backend!r}, which cannot be imported as a provider; "
        "correct the dotted path."
    )

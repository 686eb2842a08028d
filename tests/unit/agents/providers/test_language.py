"""The neutral interface: token totals, and who counts as a language provider."""

import dataclasses

import pytest

from agents.providers.claude import ClaudeProvider
from agents.providers.language import LanguageProvider, Usage
from tests.unit.agents.providers.wire import REQUEST


def test_total_input_tokens_with_every_class_adds_all_but_the_output() -> None:
    usage = Usage(
        input_tokens=1,
        output_tokens=1000,
        cache_read_tokens=20,
        cache_write_5m_tokens=300,
        cache_write_1h_tokens=4000,
    )
    assert usage.total_input_tokens == 4321


def test_total_input_tokens_without_cache_is_the_input() -> None:
    assert Usage(input_tokens=7, output_tokens=9).total_input_tokens == 7


def test_change_request_in_place_is_refused() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        REQUEST.model = "another"  # type: ignore[misc]


def test_claude_provider_is_a_language_provider() -> None:
    provider: LanguageProvider = ClaudeProvider("sandbox", {})
    assert isinstance(provider, LanguageProvider)


def test_plain_object_is_no_language_provider() -> None:
    assert not isinstance(object(), LanguageProvider)

"""The provider: its options, its modes, and how it is found."""

from typing import Any

import httpx
import pytest
from pytest_django import Settings

from agents.providers.errors import ProviderMisconfigured
from agents.providers.registry import check_providers, get_provider
from agents.providers.tiktok.provider import TikTokProvider, get_tiktok
from agents.providers.tiktok.read.display import DisplayReader
from agents.providers.tiktok.read.posting import PostingReader
from tests.unit.agents.providers.tiktok.wire import TOKEN, UPLOAD_URL, Recorder, answering, envelope

BACKEND = "agents.providers.tiktok.provider.TikTokProvider"
USER = answering(envelope({"user": {"open_id": "o1"}}))


def host_asked(mode: str, options: dict[str, Any]) -> str:
    """Return where a provider with these options sends its calls."""
    recorder = Recorder([USER])
    TikTokProvider(mode, options, transport=recorder).display.user_info(token=TOKEN)
    return str(recorder.requests[0].url.copy_with(query=None))


def test_make_provider_reads_display_and_posting() -> None:
    provider = TikTokProvider("sandbox", {})
    assert isinstance(provider.display, DisplayReader)
    assert isinstance(provider.posting, PostingReader)
    assert repr(provider) == "TikTokProvider(sandbox)"


@pytest.mark.parametrize(("mode", "simulated"), [("sandbox", True), ("live", False)])
def test_ask_provider_whether_it_is_simulated(mode: str, simulated: bool) -> None:
    assert TikTokProvider(mode, {}).simulated is simulated


def test_send_calls_goes_to_tiktok_to_the_address_set_or_to_the_sandbox() -> None:
    path = "/v2/user/info/"
    assert host_asked("live", {}) == f"https://open.tiktokapis.com{path}"
    assert host_asked("live", {"base_url": "https://relay.example/tt"}) == f"https://relay.example/tt{path}"
    assert host_asked("sandbox", {"base_url": "https://relay.example"}) == (
        f"https://open.tiktok.sandbox.invalid{path}"
    )


def test_upload_in_live_mode_goes_to_tiktok_only_and_in_the_sandbox_never() -> None:
    live, sandbox = TikTokProvider("live", {}), TikTokProvider("sandbox", {})
    own = "https://open-upload.tiktok.sandbox.invalid/video/?upload_id=1"
    live.wire.check_upload_url(UPLOAD_URL)
    sandbox.wire.check_upload_url(own)
    with pytest.raises(ProviderMisconfigured):
        sandbox.wire.check_upload_url(UPLOAD_URL)
    with pytest.raises(ProviderMisconfigured):
        live.wire.check_upload_url(own)


def test_close_provider_closes_its_connections() -> None:
    recorder = Recorder([USER])
    provider = TikTokProvider("live", {}, transport=recorder)
    provider.display.user_info(token=TOKEN)
    provider.close()
    assert recorder.times_closed == 1


def test_speak_live_without_a_transport_uses_the_network() -> None:
    assert TikTokProvider("live", {})._make_transport() is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"base": "x"}, "The OPTIONS['base'] of the provider 'tiktok' is wrong (Extra inputs"),
        ({"faults": {"init": {"reset_after": -1}}}, "OPTIONS['faults']['init']['reset_after']"),
        ({"faults": {"share": 2}}, "OPTIONS['faults']['share']"),
        ({"base_url": "http://open.tiktokapis.com"}, "TIKTOK_BASE_URL is no https address"),
        ({"base_url": "https://ana:geheim@relay.example"}, "TIKTOK_BASE_URL is no https address"),
        ({"base_url": "https://relay.example/?geheim"}, "TIKTOK_BASE_URL is no https address"),
    ],
)
def test_make_provider_with_wrong_options_is_refused_naming_them(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ProviderMisconfigured) as refused:
        TikTokProvider("live", options)
    assert said in str(refused.value)
    assert "geheim" not in str(refused.value)
    assert refused.value.__context__ is None


def test_make_provider_in_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="'demo' is not a valid Mode"):
        TikTokProvider("demo", {})


def test_find_tiktok_by_its_alias_gives_one_provider() -> None:
    provider = get_tiktok()
    assert provider.simulated
    assert get_tiktok() is provider is get_provider("tiktok")


def test_find_tiktok_that_is_something_else_is_refused(settings: Settings) -> None:
    claude = {"BACKEND": "agents.providers.claude.ClaudeProvider", "MODE": "sandbox"}
    settings.PROVIDERS = {"tiktok": claude}
    with pytest.raises(ProviderMisconfigured, match="'ClaudeProvider', which is not TikTok; name a TikTok"):
        get_tiktok()


def test_check_providers_finds_a_wrong_option_of_tiktok(settings: Settings) -> None:
    assert check_providers(deep=True) == []
    options = {"base_url": "nowhere"}
    settings.PROVIDERS = {"tiktok": {"BACKEND": BACKEND, "MODE": "live", "OPTIONS": options}}
    [problem] = check_providers()
    assert problem.startswith("TIKTOK_BASE_URL is no https address")


def test_give_provider_a_transport_uses_it_in_the_sandbox_too() -> None:
    transport = httpx.MockTransport(USER)
    assert TikTokProvider("sandbox", {}, transport=transport)._make_transport() is transport

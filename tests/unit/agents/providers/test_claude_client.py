"""Where Claude may be: anywhere by https, and by http on this machine only."""

import pytest

from agents.providers.errors import ProviderMisconfigured
from tests.unit.agents.providers.wire import REQUEST, answering, live, message


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com",
        "http://10.0.0.7:8080",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com/v1",
        "http://0.0.0.0:80",
        "http://[::ffff:10.0.0.7]",
        "http://[:::1]",
    ],
)
def test_make_live_provider_at_an_http_address_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(
        ProviderMisconfigured, match="ANTHROPIC_BASE_URL is http, which would send the key"
    ) as caught:
        live(answering(message()), base_url=url)
    assert url not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://localhost:8080", "http://127.0.0.1", "http://127.9.9.9/x", "http://[::1]:9"]
)
def test_make_live_provider_at_an_http_address_of_this_machine_is_taken(url: str) -> None:
    assert live(answering(message()), base_url=url).ask(REQUEST).data == {"summary": "Fine."}

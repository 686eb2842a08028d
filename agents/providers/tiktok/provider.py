"""TikTok over HTTP, or the sandbox at the same wire.

Nothing is retried in here: a worker does not sleep, the engine decides when to ask again. Importing
this takes a while, so only the registry does, by its dotted path, and whoever writes to TikTok.
"""

import re
from collections.abc import Mapping
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from agents.providers.breakers import Breakers, Guard
from agents.providers.errors import ProviderMisconfigured
from agents.providers.registry import Mode, get_provider
from agents.providers.tiktok.numbered_wires import BusinessWire, ShopWire
from agents.providers.tiktok.read.ads import AdsReader
from agents.providers.tiktok.read.affiliate import AffiliateReader
from agents.providers.tiktok.read.business import BusinessReader
from agents.providers.tiktok.read.discovery import DiscoveryReader
from agents.providers.tiktok.read.display import DisplayReader
from agents.providers.tiktok.read.posting import PostingReader
from agents.providers.tiktok.read.shop import ShopReader
from agents.providers.tiktok.wire import Wire
from agents.sandbox.tiktok.faults import TikTokFaults
from agents.sandbox.tiktok.shop_gate import SANDBOX_APP_KEY, SANDBOX_APP_SECRET
from agents.sandbox.tiktok.transport import SandboxTikTokTransport
from agents.sandbox.tiktok.wire import (
    SANDBOX_BASE_URL,
    SANDBOX_BUSINESS_BASE_URL,
    SANDBOX_SHOP_BASE_URL,
    SANDBOX_UPLOAD_HOST,
)

ALIAS = "tiktok"
PUBLIC_BASE_URL = "https://open.tiktokapis.com"
UPLOAD_DOMAIN = "tiktokapis.com"
BUSINESS_BASE_URL = "https://business-api.tiktok.com/open_api/v1.3"
SHOP_BASE_URL = "https://open-api.tiktokglobalshop.com"


class TikTokOptions(BaseModel):
    """`OPTIONS` of the provider: the address of live mode, our shop app's key, the sandbox's faults and pace."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    base_url: str = ""
    shop_app_key: str = ""
    shop_app_secret: SecretStr = SecretStr("")
    faults: TikTokFaults = Field(default_factory=TikTokFaults)


class TikTokProvider:
    """Reads from TikTok; `agents.providers.tiktok.write` writes through its wires.

    `options` are those of `TikTokOptions`. `transport` replaces the wire, for tests, and then no breaker
    stands before it. An account's token is an argument of each call and is kept nowhere. Raises
    `ProviderMisconfigured` for options that cannot work.
    """

    def __init__(
        self, mode: str, options: Mapping[str, Any], *, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._mode = Mode(mode)
        self._options = _read_options(options)
        self._given_transport = transport
        self.wire = self._make_wire()
        self.display = DisplayReader(self.wire)
        self.posting = PostingReader(self.wire)
        self.business_wire = self._make_business_wire()
        self.business = BusinessReader(self.business_wire)
        self.discovery = DiscoveryReader(self.business_wire)
        self.ads = AdsReader(self.business_wire)
        self.shop_wire = self._make_shop_wire()
        self.shop = ShopReader(self.shop_wire)
        self.affiliate = AffiliateReader(self.shop_wire)

    def __repr__(self) -> str:
        return f"TikTokProvider({self._mode.value})"

    @property
    def simulated(self) -> bool:
        """Return whether the sandbox answers."""
        return self._mode is Mode.SANDBOX

    def close(self) -> None:
        """Close this process's connections; the next call opens new ones."""
        for wire in (self.wire, self.business_wire, self.shop_wire):
            wire.close()

    def _make_wire(self) -> Wire:
        if self.simulated:
            base_url, upload_domain = SANDBOX_BASE_URL, SANDBOX_UPLOAD_HOST
        else:
            base_url, upload_domain = self._options.base_url or PUBLIC_BASE_URL, UPLOAD_DOMAIN
        return Wire(
            base_url=base_url,
            upload_domain=upload_domain,
            make_transport=self._make_transport,
            guard=self._make_guard(),
        )

    def _make_business_wire(self) -> BusinessWire:
        return BusinessWire(
            base_url=SANDBOX_BUSINESS_BASE_URL if self.simulated else BUSINESS_BASE_URL,
            make_transport=self._make_transport,
            guard=self._make_guard(),
        )

    def _make_shop_wire(self) -> ShopWire:
        return ShopWire(
            base_url=SANDBOX_SHOP_BASE_URL if self.simulated else SHOP_BASE_URL,
            make_transport=self._make_transport,
            app_key=SANDBOX_APP_KEY if self.simulated else self._options.shop_app_key,
            app_secret=SecretStr(SANDBOX_APP_SECRET) if self.simulated else self._options.shop_app_secret,
            guard=self._make_guard(),
        )

    def _make_guard(self) -> Guard | None:
        return Breakers(ALIAS) if self._given_transport is None else None

    def _make_transport(self) -> httpx.BaseTransport | None:
        if self._given_transport is None and self.simulated:
            return SandboxTikTokTransport(self._options.faults)
        return self._given_transport


def get_tiktok(alias: str = ALIAS) -> TikTokProvider:
    """Return the provider `alias` as TikTok. Raises `ProviderMisconfigured`."""
    provider = get_provider(alias)
    if not isinstance(provider, TikTokProvider):
        raise ProviderMisconfigured(
            f"PROVIDERS[{alias!r}]['BACKEND'] is {type(provider).__qualname__!r}, which is not TikTok; name "
            "a TikTok provider."
        )
    return provider


def _read_options(options: Mapping[str, Any]) -> TikTokOptions:
    problem = ""
    try:
        read = TikTokOptions.model_validate(dict(options))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = "".join(f"[{part!r}]" for part in first["loc"])
        problem = f"The OPTIONS{where} of the provider 'tiktok' is wrong ({first['msg']}); correct it."
    else:
        if not read.base_url or re.fullmatch(r"https://[^\s/@?#]+(/[^\s?#]*)?", read.base_url):
            return read
        # Not shown: an address may carry a password.
        problem = (
            f"TIKTOK_BASE_URL is no https address like {PUBLIC_BASE_URL!r}; correct it, or leave it empty."
        )
    raise ProviderMisconfigured(problem)

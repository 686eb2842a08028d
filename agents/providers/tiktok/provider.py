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
from agents.providers.tiktok.oauth import OAuthClient
from agents.providers.tiktok.read.ads import AdsReader
from agents.providers.tiktok.read.affiliate import AffiliateReader
from agents.providers.tiktok.read.business import BusinessReader
from agents.providers.tiktok.read.discovery import DiscoveryReader
from agents.providers.tiktok.read.display import DisplayReader
from agents.providers.tiktok.read.posting import PostingReader
from agents.providers.tiktok.read.shop import ShopReader
from agents.providers.tiktok.wire import Wire
from agents.sandbox.tiktok.consent import AUTHORIZE_PATH
from agents.sandbox.tiktok.faults import TikTokFaults
from agents.sandbox.tiktok.grants import SANDBOX_CLIENT_KEY, SANDBOX_CLIENT_SECRET
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
PUBLIC_AUTHORIZE_URL = f"https://www.tiktok.com{AUTHORIZE_PATH}"
SANDBOX_AUTHORIZE_URL = f"/sandbox/tiktok{AUTHORIZE_PATH}"
"""Where our own web process serves the sandbox's page."""

_HTTPS = re.compile(r"https://[^\s/@?#]+(/[^\s?#]*)?")
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?/?")


class TikTokOptions(BaseModel):
    """`OPTIONS` of the provider: the address and our apps' keys in live mode, the faults and pace of the sandbox.

    `base_url` is https, or `http://127.0.0.1:PORT` where `manage.py sandbox_tiktok` stands for TikTok.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    base_url: str = ""
    client_key: str = ""
    client_secret: SecretStr = SecretStr("")
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
        self.oauth = self._make_oauth()
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
        for wire in (self.wire, self.oauth, self.business_wire, self.shop_wire):
            wire.close()

    def _make_wire(self) -> Wire:
        upload_domain = SANDBOX_UPLOAD_HOST if self.simulated else UPLOAD_DOMAIN
        return Wire(
            base_url=self._base_url,
            upload_domain=upload_domain,
            upload_origin=self._base_url.rstrip("/") if self._is_loopback else "",
            make_transport=self._make_transport,
            guard=self._make_guard(),
        )

    def _make_oauth(self) -> OAuthClient:
        options = self._options
        authorize_at = (
            f"{self._base_url.rstrip('/')}{AUTHORIZE_PATH}" if options.base_url else PUBLIC_AUTHORIZE_URL
        )
        key, secret = options.client_key, options.client_secret.get_secret_value()
        if self.simulated:  # our app's own keys are never shown to the sandbox
            authorize_at, key, secret = SANDBOX_AUTHORIZE_URL, SANDBOX_CLIENT_KEY, SANDBOX_CLIENT_SECRET
        return OAuthClient(
            base_url=self._base_url,
            authorize_at=authorize_at,
            client_key=key,
            client_secret=secret,
            make_transport=self._make_transport,
            guard=self._make_guard(),
            takes_hint=self.simulated or self._is_loopback,
        )

    @property
    def _base_url(self) -> str:
        return SANDBOX_BASE_URL if self.simulated else self._options.base_url or PUBLIC_BASE_URL

    def _other_base_url(self, sandbox: str, public: str, path: str = "") -> str:
        """Return the address of another API; a TikTok on this machine serves all of them at one."""
        if self.simulated:
            return sandbox
        return f"{self._base_url.rstrip('/')}{path}" if self._is_loopback else public

    @property
    def _is_loopback(self) -> bool:
        return bool(_LOOPBACK.fullmatch(self._base_url))

    def _make_business_wire(self) -> BusinessWire:
        return BusinessWire(
            base_url=self._other_base_url(SANDBOX_BUSINESS_BASE_URL, BUSINESS_BASE_URL, "/open_api/v1.3"),
            make_transport=self._make_transport,
            guard=self._make_guard(),
        )

    def _make_shop_wire(self) -> ShopWire:
        return ShopWire(
            base_url=self._other_base_url(SANDBOX_SHOP_BASE_URL, SHOP_BASE_URL),
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
        if not read.base_url or _HTTPS.fullmatch(read.base_url) or _LOOPBACK.fullmatch(read.base_url):
            return read
        # Not shown: an address may carry a password.
        problem = (
            f"TIKTOK_BASE_URL is no https address like {PUBLIC_BASE_URL!r}; correct it, or leave it empty. "
            "Without https only this machine itself may be spoken to, as http://127.0.0.1:8900."
        )
    raise ProviderMisconfigured(problem)

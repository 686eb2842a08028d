"""Addresses of ours where no web process listens, for demo and tests: an app above says how they are fetched."""

from collections.abc import Callable

OWN_ADDRESS = "https://ops.sandbox.invalid"

Fetch = Callable[[str], bytes | None]
"""Returns what a path under `OWN_ADDRESS` holds; None where there is nothing."""

fetchers: list[Fetch] = []


def register_fetcher(fetch: Fetch) -> None:
    """Say how addresses under `OWN_ADDRESS` are fetched; raises `ValueError` where somebody did."""
    if fetchers:
        raise ValueError("How our own addresses are fetched was said already.")
    fetchers.append(fetch)


def fetch_own(path: str) -> bytes | None:
    """Return what a path of ours holds; None where there is nothing, or nobody said how to fetch it."""
    return fetchers[0](path) if fetchers else None

"""What a table cell or a field of a page shows, escaped: badges, links, times, numbers, money, text."""

import json
import unicodedata
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

EMPTY = "–"
_KINDS = {
    "succeeded": "good",
    "running": "info",
    "queued": "neutral",
    "ready": "info",
    "waiting": "warning",
    "paused": "warning",
    "failed": "bad",
    "cancelled": "neutral",
    "sandbox": "info",
    "live": "bad",
}
# Formatting characters that change the order in which text is read, or hide in it (Unicode UAX #9).
_HIDDEN = {"\u200b", "\u2060", "\ufeff", "\u061c", "\u200e", "\u200f"} | {
    chr(code) for first, last in ((0x202A, 0x202E), (0x2066, 0x2069)) for code in range(first, last + 1)
}
_KEPT_CONTROLS = {"\n", "\t"}


def badge(text: object, kind: str = "neutral") -> SafeString:
    """Return a small coloured label; `kind` is good, info, neutral, warning or bad."""
    return format_html('<span class="ops-badge ops-badge-{}">{}</span>', kind, text)


def status_badge(status: str) -> SafeString:
    """Return the label of a status or mode, in the colour it has on every page."""
    return badge(status.replace("_", " ").capitalize(), _KINDS.get(status, "neutral"))


def mode_cell(mode: str, *, is_dry_run: bool) -> SafeString:
    """Return whether outward acts are real, and, of a dry run, that there are none."""
    shown = status_badge(mode)
    return format_html("{} {}", shown, badge("Dry run", "warning")) if is_dry_run else shown


def progress_cell(done: int, of: int, words: str) -> SafeString:
    """Return how far something is, as a bar and in words."""
    return format_html(
        '<progress class="ops-progress" max="{}" value="{}" aria-hidden="true"></progress> {}',
        max(of, 1),
        done,
        words,
    )


def link(text: object, url: str) -> SafeString:
    """Return a link to a page of ours."""
    return format_html('<a class="ops-link" href="{}">{}</a>', url, text)


def moment(at: datetime | None, *, to_the_second: bool = False) -> SafeString | str:
    """Return a time as people read it, `18 Nov 2026, 14:02 UTC`; a dash when there is none."""
    if at is None:
        return EMPTY
    local = localtime(at)
    clock = f"{local:%H:%M:%S}" if to_the_second else f"{local:%H:%M}"
    written = f"{local.day} {local:%b %Y}, {clock} {local:%Z}"
    return format_html('<time class="ops-nowrap" datetime="{}">{}</time>', at.isoformat(), written)


def whole(number: int | None) -> str:
    """Return a whole number with its thousands set apart, `1,234,567`; a dash when there is none."""
    return EMPTY if number is None else f"{number:,}"


def percent(share: float | None) -> str:
    """Return a share of 1 as per cent with one decimal, `4.2 %`; a dash when there is none."""
    return EMPTY if share is None else f"{share * 100:.1f} %"


def usd(amount: Decimal, *, is_simulated: bool) -> SafeString | str:
    """Return an amount of US dollars to the millionth; money nobody paid is marked as simulated."""
    written = f"${amount.quantize(Decimal('0.000001'))}"
    return format_html("{} {}", written, badge("simulated", "info")) if is_simulated else written


def milliseconds(latency_ms: int | None) -> str:
    """Return how long something took, in seconds from one second on; a dash when it is not known."""
    if latency_ms is None:
        return EMPTY
    return f"{latency_ms:,} ms" if latency_ms < 1000 else f"{latency_ms / 1000:,.1f} s"


def megabytes(size_bytes: int) -> str:
    """Return a size in megabytes of a million bytes, `3.2 MB`; what is smaller than 0.1 MB in kilobytes."""
    return f"{size_bytes / 1e6:,.1f} MB" if size_bytes >= 100_000 else f"{size_bytes / 1e3:,.1f} kB"


def visible(text: str) -> str:
    """Return `text` with each character that hides or reorders text written out, as `[U+202E]`."""
    return "".join(f"[U+{ord(sign):04X}]" if _is_hidden(sign) else sign for sign in text)


def _is_hidden(sign: str) -> bool:
    return sign in _HIDDEN or (unicodedata.category(sign) == "Cc" and sign not in _KEPT_CONTROLS)


def shortened(text: str, *, chars: int = 80) -> str:
    """Return the beginning of `text` on one line, its hidden characters written out."""
    line = visible(" ".join(text.split()))
    return line if len(line) <= chars else f"{line[: chars - 1].rstrip()}…"


def json_block(value: Any) -> SafeString | str:
    """Return a JSON value, indented; a dash when there is none."""
    if value is None:
        return EMPTY
    text = visible(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True))
    return format_html('<pre class="ops-json">{}</pre>', text)


def folded(summary: str, content: object) -> SafeString:
    """Return `content` behind a line that opens it."""
    return format_html('<details class="ops-fold"><summary>{}</summary>{}</details>', summary, content)

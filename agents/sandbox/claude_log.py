"""What the sandbox was asked and what that took, for all processes to read; its prompt cache follows from it.

Rows are written apart from whatever transaction the caller is in, so that what "Claude" received stays, whatever
becomes of the caller. Tests compare: the tokens of a run's trace are those
of these rows, and a prompt that was redacted is one that never came here.
"""

import hashlib
from dataclasses import asdict
from datetime import timedelta

from django.db.models.functions import Now

from agents.sandbox.claude_messages import Tokens, count_tokens
from agents.sandbox.claude_wire import Question
from agents.sandbox_models import SandboxQuestion

FEWEST_CACHED_TOKENS = 1024
"""A shorter system text is not cached, as with the real one, whose bound is 512 to 4,096 by model."""

LIFETIMES = {"5m": timedelta(minutes=5), "1h": timedelta(hours=1)}


def is_cached(question: Question) -> bool | None:
    """Return whether the system text is in the cache; None where it is too short for it, or not to be cached.

    It is there once it was asked about, of the same model, within the lifetime asked for: each use renews it.
    """
    if question.cache_ttl is None or count_tokens(question.system_text) < FEWEST_CACHED_TOKENS:
        return None
    return SandboxQuestion.objects.filter(
        model=question.model,
        system_sha256=digest_of(question.system_text),
        cache_ttl=question.cache_ttl,
        status=200,
        at__gte=Now() - LIFETIMES[question.cache_ttl],
    ).exists()


def write(
    question: Question,
    *,
    operation: str,
    request_id: str,
    status: int | None,
    tokens: Tokens | None = None,
    fault: str = "",
    batch_id: str = "",
    custom_id: str = "",
) -> None:
    """Write down one question; without `tokens` nothing was paid for it."""
    took = asdict(tokens) if tokens else {}
    user = "\n\n".join(question.turns)
    SandboxQuestion.objects.create(
        operation=operation,
        request_id=request_id,
        model=question.model[:80],
        status=status,
        fault=fault,
        batch_id=batch_id,
        custom_id=custom_id,
        cache_ttl=question.cache_ttl or "",
        system=_storable(question.system_text),
        system_sha256=digest_of(question.system_text),
        user=_storable(user),
        user_sha256=digest_of(user),
        **took,
    )


def digest_of(text: str) -> str:
    """Return the SHA-256 (hex) of a text as it was sent."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _storable(text: str) -> str:
    """Return the text without what PostgreSQL refuses."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")

"""Serving one request: which operation it is, whether a fault meets it, what is done, and its ledger row.

All of that is one transaction on a connection of its own, so that what "TikTok" received and did stays,
whatever becomes of the caller's transaction or of the caller.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from django.db import connection, connections, transaction

from agents.sandbox.tiktok import photos
from agents.sandbox.tiktok.faults import TikTokFault, TikTokFaults
from agents.sandbox.tiktok.grants import Owner, owner_of
from agents.sandbox.tiktok.operations import OPEN, Operation, Style
from agents.sandbox.tiktok.pulling import pull_due
from agents.sandbox.tiktok.registry import UPLOAD, find_operation
from agents.sandbox.tiktok.rules import is_over_rate
from agents.sandbox.tiktok.upload import receive_chunk, username_of_upload
from agents.sandbox.tiktok.wire import (
    SANDBOX_SHOP_HOST,
    SANDBOX_UPLOAD_HOST,
    Received,
    Refusal,
    Reply,
    ShopError,
    UploadError,
    digest_of,
)
from agents.sandbox_models import SandboxCreator, SandboxRequest

_INSTEAD: dict[TikTokFault, Callable[[Style], Refusal]] = {
    TikTokFault.RATE_LIMITED: lambda style: style.limited(),
    TikTokFault.EXPIRED_TOKEN: lambda style: style.bad_token(),
    TikTokFault.SERVER_ERROR_BEFORE: lambda style: style.broken(),
}
PULLS = {photos.PATH, "/v2/post/publish/status/fetch/"}
"""What lets photos be pulled that are due, beside the clock."""

_UNHEARD = {TikTokFault.UNREACHABLE, TikTokFault.RESET_BEFORE}
_UNANSWERED = {*_UNHEARD, TikTokFault.TIMEOUT_AFTER, TikTokFault.RESET_AFTER}


@dataclass(frozen=True, slots=True)
class Served:
    """What goes back: an answer (None where none does), the fault that met it, and how slow it is."""

    answer: Reply | None
    fault: TikTokFault | None
    slow_seconds: float
    log_id: str

    @property
    def content(self) -> bytes:
        """Return the body of the answer; a malformed one is cut short."""
        content = self.answer.content(self.log_id) if self.answer else b""
        return (content or b"{}")[:-1] if self.fault is TikTokFault.MALFORMED else content


def serve(received: Received, faults: TikTokFaults) -> Served:
    """Serve a request apart from whatever transaction the caller is in; returns once it is committed."""
    with ThreadPoolExecutor(1) as pool:
        # Django gives a thread a connection of its own.
        return pool.submit(_serve_and_commit, received, faults).result()


def _serve_and_commit(received: Received, faults: TikTokFaults) -> Served:
    try:
        with transaction.atomic():
            served = _serve(received, faults)
        if received.path in PULLS:  # after the commit, for the world is asked
            pull_due(faults)
        return served
    finally:
        connections.close_all()


def _serve(received: Received, faults: TikTokFaults) -> Served:
    found = find_operation(received)
    operation, received = found or (None, received)
    style = operation.style if operation else OPEN
    name = UPLOAD if received.host == SANDBOX_UPLOAD_HOST else operation.name if operation else ""
    fault = _next_fault(name, faults)
    token = style.token_of(received)
    creator = _creator(received, name, style, token)
    if fault in _UNHEARD:
        reply = Reply(0, "")
    else:
        reply = _reply_instead(name, style, fault) or _reply(received, operation, creator, faults)
    answer = _answer(reply, style, fault)
    row = SandboxRequest.objects.create(
        method=received.method[:10],
        path=received.path.replace("\0", "")[:200],
        operation=name,
        username=creator.username if creator else "",
        token_digest=digest_of(token),
        publish_id=reply.publish_id,
        bytes_received=0 if fault in _UNHEARD else len(received.content),
        status=answer.status if answer else None,
        outcome=reply.outcome,
        fault=fault or "",
    )
    return Served(answer, fault, faults.of(name).slow_seconds, row.id.hex)


def _next_fault(name: str, faults: TikTokFaults) -> TikTokFault | None:
    """Return the fault this call meets; calls are counted one at a time over all processes."""
    if not faults.may_fail(name):
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"sandbox tiktok {name}"])
    return faults.of_call(name, SandboxRequest.objects.filter(operation=name).count() + 1)


def _creator(received: Received, name: str, style: Style, token: str) -> SandboxCreator | None:
    """Return the creator a request is for, locked: what concerns one creator happens one after the other.

    None where the token or the upload address was never given out, or is good no more. The creator has the
    scopes the token has.
    """
    owner = _owner(received, name, style, token)
    if owner is None:
        return None
    SandboxCreator.objects.get_or_create(username=owner.username)
    creator = SandboxCreator.objects.select_for_update().get(username=owner.username)
    if owner.scopes is not None:
        creator.scopes = [scope for scope in creator.scopes if scope in owner.scopes]
    return creator


def _owner(received: Received, name: str, style: Style, token: str) -> Owner | None:
    named = username_of_upload if name == UPLOAD else style.username_of
    if named is None:
        return owner_of(token)
    username = named(received)
    return Owner(username) if username else None


def _reply_instead(name: str, style: Style, fault: TikTokFault | None) -> Reply | None:
    """Return what TikTok answers without having acted, if the fault is one of those."""
    if fault not in _INSTEAD:
        return None
    if name == UPLOAD and fault is TikTokFault.EXPIRED_TOKEN:
        return UploadError(403).reply  # an upload's token is part of its address
    return _INSTEAD[fault](style).reply


def _reply(
    received: Received, operation: Operation | None, creator: SandboxCreator | None, faults: TikTokFaults
) -> Reply:
    """Do what is asked, or refuse it as documented."""
    try:
        if received.host == SANDBOX_UPLOAD_HOST:
            return receive_chunk(received, creator, faults)
        if operation is None and received.host == SANDBOX_SHOP_HOST:
            raise ShopError(36009009, "Invalid path")
        if operation is None:
            return Reply(404, "not_found")
        return _act(received, operation, creator)
    except Refusal as refused:
        return refused.reply


def _act(received: Received, operation: Operation, creator: SandboxCreator | None) -> Reply:
    style = operation.style
    style.check(received)
    if creator is None:
        raise style.bad_token()
    digest = digest_of(style.token_of(received))
    if is_over_rate(digest, operation.name, calls_a_minute=operation.calls_a_minute):
        raise style.limited()
    if operation.scopes and operation.scopes.isdisjoint(creator.scopes):
        raise style.no_scope(f"One of these scopes is needed: {sorted(operation.scopes)}")
    return operation.act(received, creator)


def _answer(reply: Reply, style: Style, fault: TikTokFault | None) -> Reply | None:
    """Return what goes back of a reply; TikTok has acted by now."""
    if fault in _UNANSWERED:
        return None
    if fault is TikTokFault.SERVER_ERROR_AFTER:
        return style.broken().reply
    # What is malformed claims success; an upload's 200 is neither of its two good statuses.
    return replace(reply, status=200) if fault is TikTokFault.MALFORMED else reply

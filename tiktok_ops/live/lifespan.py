"""What begins and ends with a web process (ASGI's `lifespan`): streams end before the server does.

A server waits for open answers before it says that it stops, and a stream is an answer that never ends.
So the signal itself is what streams are ended by; the server then does what it always does with it.
"""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any

from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection

from tiktok_ops.errors import Refused
from tiktok_ops.live.hub import Hub, current_hub
from tiktok_ops.starting import check_start

stopping = threading.Event()
"""Set once this web process was asked to stop: it is not ready any more, whatever it still answers."""

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]


def with_lifespan(application: Application) -> Application:
    """Return the application, which speaks HTTP only, together with the process's beginning and end."""

    async def whole(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        else:
            await application(scope, receive, send)

    return whole


async def _live(receive: Receive, send: Send) -> None:
    """Answer the server when it starts and when it stops."""
    hub = current_hub()
    await receive()
    if wrong := await sync_to_async(_refusal)():
        await send({"type": "lifespan.startup.failed", "message": wrong})
        return
    close_on_signals(hub)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await hub.shut_down()
    await send({"type": "lifespan.shutdown.complete"})


def _refusal() -> str:
    """Return why this process must not start, for it rings as workers and the keeper do; empty where it may.

    A database that is away is waited for: until it is there the process is not ready, and nothing is lost.
    """
    try:
        check_start()
    except Refused as refused:
        return str(refused)
    except DatabaseError:
        return ""
    finally:
        connection.close()
    return ""


def close_on_signals(hub: Hub) -> None:
    """Close the hub on SIGTERM and SIGINT, before the server's own handler; which there must be.

    Handlers belong to the main thread; in another, the server's graceful timeout is what ends streams.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)
        if callable(before):
            signal.signal(number, _closing(hub, before))


def _closing(
    hub: Hub, before: Callable[[int, FrameType | None], Any]
) -> Callable[[int, FrameType | None], None]:
    loop = asyncio.get_running_loop()

    def handle(number: int, frame: FrameType | None) -> None:
        stopping.set()
        if not loop.is_closed():
            loop.call_soon_threadsafe(hub.close)
        before(number, frame)

    return handle

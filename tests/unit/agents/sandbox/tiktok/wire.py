"""The bare wire: requests no client of ours would send."""

import json
from typing import Any

import httpx

from agents.providers.tiktok.write.chunks import plan_chunks
from agents.providers.tiktok.write.posting import UploadTicket
from agents.sandbox.tiktok.faults import TikTokFaults
from agents.sandbox.tiktok.transport import SandboxTikTokTransport
from agents.sandbox.tiktok.wire import SANDBOX_BASE_URL
from tests.factories.tiktok import SMALL, TOKEN

JSON = {"content-type": "application/json; charset=UTF-8"}
INFO: dict[str, Any] = {
    "title": "Three ways #tea",
    "privacy_level": "PUBLIC_TO_EVERYONE",
    "brand_content_toggle": False,
}
SOURCE: dict[str, Any] = {
    "source": "FILE_UPLOAD",
    "video_size": len(SMALL),
    "chunk_size": len(SMALL),
    "total_chunk_count": 1,
}
PATHS = {
    "user_info": "/v2/user/info/?fields=open_id",
    "video_list": "/v2/video/list/?fields=id",
    "video_query": "/v2/video/query/?fields=id",
    "creator_info": "/v2/post/publish/creator_info/query/",
    "init": "/v2/post/publish/video/init/",
    "photo_init": "/v2/post/publish/content/init/",
    "status": "/v2/post/publish/status/fetch/",
    "cancel": "/v2/post/publish/cancel/",
}
OAUTH_PATHS = {"token": "/v2/oauth/token/", "revoke": "/v2/oauth/revoke/"}
BODIES: dict[str, Any] = {
    "video_list": {},
    "video_query": {"filters": {"video_ids": ["1"]}},
    "creator_info": {},
    "init": {"post_info": INFO, "source_info": SOURCE},
    "photo_init": {
        "media_type": "PHOTO",
        "post_mode": "DIRECT_POST",
        "post_info": {"title": "Tea", "privacy_level": "PUBLIC_TO_EVERYONE", "brand_content_toggle": False},
        "source_info": {
            "source": "PULL_FROM_URL",
            "photo_images": ["https://ops.sandbox.invalid/pull/none/0.jpg"],
            "photo_cover_index": 0,
        },
    },
    "status": {"publish_id": "v_pub_file~v2-1.1"},
    "cancel": {"publish_id": "v_pub_file~v2-1.1"},
}


def exchange(
    method: str,
    url: str,
    *,
    content: bytes = b"",
    headers: dict[str, str] | None = None,
    faults: TikTokFaults | None = None,
    timeout: float | None = None,
) -> httpx.Response:
    """Send anything to the sandbox and return what it answers."""
    full = f"{SANDBOX_BASE_URL}{url}" if url.startswith("/") else url
    with httpx.Client(transport=SandboxTikTokTransport(faults), timeout=timeout) as client:
        return client.request(method, full, content=content, headers=headers)


def ask(
    operation: str, body: object = None, *, token: str = TOKEN, path: str = "", **more: Any
) -> httpx.Response:
    """Call an operation, by default with a body it takes."""
    method = "GET" if operation == "user_info" else "POST"
    content = b"" if method == "GET" else json.dumps(BODIES[operation] if body is None else body).encode()
    headers = {"authorization": f"Bearer {token}"} | JSON
    return exchange(method, path or PATHS[operation], content=content, headers=headers, **more)


def put(
    ticket: UploadTicket, content: bytes = SMALL, *, url: str = "", headers: dict[str, str] | None = None
) -> httpx.Response:
    """Send bytes to an upload address with headers of one's own."""
    plan = plan_chunks(len(SMALL))
    usual = {"content-type": "video/mp4", "content-range": plan.content_range(plan.chunks[0])}
    return exchange("PUT", url or ticket.upload_url, content=content, headers=usual | (headers or {}))


def refused(response: httpx.Response) -> tuple[int, str]:
    """Return the status and the code of an answer."""
    return response.status_code, response.json()["error"]["code"]

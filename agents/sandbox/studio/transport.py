"""The sandbox studio as an httpx transport: the real client speaks to it and cannot tell."""

import re

import httpx

from agents.sandbox.studio import service
from agents.sandbox.studio.faults import StudioFaults
from agents.sandbox.studio.service import Reply

SANDBOX_BASE_URL = "https://studio.sandbox.invalid"
_JOB = re.compile(r"/v1/jobs/([^/]+)")
_CLIP = re.compile(r"/v1/jobs/([^/]+)/clip")


class SandboxStudioTransport(httpx.BaseTransport):
    """Answers as a studio does. It holds nothing but its faults: jobs are in the database."""

    def __init__(self, faults: StudioFaults | None = None) -> None:
        self._faults = faults or StudioFaults()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request, or break the connection after it was served."""
        reply = self._serve(request)
        if reply.is_lost:
            raise httpx.ReadTimeout("The read operation timed out", request=request)
        return httpx.Response(
            reply.status, content=reply.content, headers=dict(reply.headers), request=request
        )

    def _serve(self, request: httpx.Request) -> Reply:
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return service.refusal(401, "unauthorized", "a key is needed")
        method, path = request.method, request.url.path
        if (method, path) == ("POST", "/v1/jobs"):
            key = request.headers.get("idempotency-key", "")
            return service.submit(request.read(), key=key, faults=self._faults)
        if method == "GET" and (found := _CLIP.fullmatch(path)):
            return service.clip(found[1])
        if method == "GET" and (found := _JOB.fullmatch(path)):
            return service.status(found[1])
        return service.refusal(404, "not_found", "there is nothing here")

"""The sandbox studio as an httpx transport: the real client speaks to it and cannot tell."""

import re
from dataclasses import replace
from itertools import count

import httpx

from agents.sandbox.studio import service
from agents.sandbox.studio.faults import StudioFault, StudioFaults
from agents.sandbox.studio.service import Reply

SANDBOX_BASE_URL = "https://studio.sandbox.invalid"
_JOB = re.compile(r"/v1/jobs/([^/]+)")
_CLIP = re.compile(r"/v1/jobs/([^/]+)/clip")


class SandboxStudioTransport(httpx.BaseTransport):
    """Answers as a studio does. It holds its faults and how many calls there were: jobs are in the database."""

    def __init__(self, faults: StudioFaults | None = None) -> None:
        self._faults = faults or StudioFaults()
        self._calls = count(1)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request, or break the connection after it was served."""
        fault = self._faults.of_call(next(self._calls))
        reply = self._refused(fault) or self._serve(request)
        if fault is StudioFault.MALFORMED:
            reply = replace(reply, content=reply.content[: len(reply.content) // 2])
        if reply.is_lost:
            raise httpx.ReadTimeout("The read operation timed out", request=request)
        return httpx.Response(
            reply.status, content=reply.content, headers=dict(reply.headers), request=request
        )

    def _refused(self, fault: StudioFault | None) -> Reply | None:
        """Return the answer of a studio that does nothing, where this call meets a fault that means so."""
        if fault is StudioFault.RATE_LIMITED:
            limited = service.refusal(429, "rate_limited", "too many requests")
            return replace(
                limited,
                headers={**limited.headers, "retry-after": str(self._faults.retry_after_seconds)},
            )
        if fault is StudioFault.SERVER_ERROR:
            return service.refusal(503, "unavailable", "not now")
        if fault is StudioFault.REFUSED_TOKEN:
            return service.refusal(401, "unauthorized", "this key is not known")
        return None

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

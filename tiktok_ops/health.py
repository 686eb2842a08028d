"""For whoever watches the process: does it live, can it work. No sign-in, and no details."""

import logging
from functools import cache

from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tiktok_ops.live.lifespan import stopping
from tiktok_ops.rest.limits import limited_by_address

_log = logging.getLogger(__name__)


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Answer 200: the process answers."""
    return JsonResponse({"status": "live"})


@never_cache
@require_safe
@limited_by_address
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers and has every migration, else 503; also once the process is to stop."""
    try:
        is_ready = not stopping.is_set() and is_migrated()
    except Error:
        _log.exception("health.database_unreachable")
        is_ready = False
    return JsonResponse({"status": "ready" if is_ready else "unavailable"}, status=200 if is_ready else 503)


def is_migrated() -> bool:
    """Return whether the database has the last migration of every app; raises `django.db.Error`."""
    return _last_migrations() <= MigrationRecorder(connection).applied_migrations().keys()


@cache
def _last_migrations() -> frozenset[tuple[str, str]]:
    """Return the (app, name) of each app's last migration on disk, which stay while the process lives."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())

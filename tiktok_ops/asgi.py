"""ASGI entry point."""

import os
import warnings

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.db import DEFAULT_DB_ALIAS, connections

from tiktok_ops.live.lifespan import with_lifespan
from tiktok_ops.network import guard_from_environment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tiktok_ops.settings")
guard_from_environment()
# WhiteNoise hands out static files as plain iterators; they are small, and a proxy caches them.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
application = with_lifespan(get_asgi_application())
# Each request has a thread of its own here, so that a connection kept by a thread would serve nobody: they are
# lent to requests instead. Only here: a pool does not survive the forks of a worker.
# The settings stay as they are, in which a pool is refused at the start of any process.
own = connections.settings[DEFAULT_DB_ALIAS]
pooled = {**own, "CONN_MAX_AGE": 0, "OPTIONS": {**own.get("OPTIONS", {}), "pool": settings.WEB_POOL}}
connections.settings = {**connections.settings, DEFAULT_DB_ALIAS: pooled}

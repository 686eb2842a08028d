"""WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

from tiktok_ops.network import guard_from_environment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tiktok_ops.settings")
guard_from_environment()
application = get_wsgi_application()

"""Django's settings, fed by `tiktok_ops.env`: nothing here reads the environment itself."""

from math import ceil
from typing import Any

import django_stubs_ext
from django.templatetags.static import static
from django.urls import reverse_lazy

from tiktok_ops.env import (
    BASE_DIR,
    VAR_DIR,
    database_settings,
    keyring,
    load_environment,
    secret_key,
    webhook_secrets,
)
from tiktok_ops.logging import configure_logging
from tiktok_ops.postgres.server import EmbeddedServer

ENV = load_environment()
DEBUG = False
IS_PRODUCTION = ENV.is_production
SECRET_KEY = secret_key(ENV)
# What decisions are sealed with; not in the database, so that whoever can write there cannot approve.
APPROVAL_KEYS = keyring(ENV, "APPROVAL_KEYS")
# What secrets are encrypted with; not in the database either, so that whoever can read there learns none.
VAULT_KEYS = keyring(ENV, "VAULT_KEYS")
ALLOWED_HOSTS = [host.strip() for host in ENV.ALLOWED_HOSTS.split(",") if host.strip()]

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "tiktok_ops.apps.PagesConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",  # the scripts and styles with which the API is browsed offline
    "django_q",
    "tiktok_ops.apps.RoofConfig",
    "tiktok_ops.accounts",
    "tiktok_ops.content",
    "tiktok_ops.audit",
    "tiktok_ops.alerts",
    "tiktok_ops.vault",
    "agents",
    "approvals",
    "workflows",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "tiktok_ops.urls"
ASGI_APPLICATION = "tiktok_ops.asgi.application"
WSGI_APPLICATION = "tiktok_ops.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tiktok_ops.badges.notices",
            ]
        },
    }
]

# PostgreSQL, always (ADR 0002). Without a URL, the embedded server, which the first connection starts.
DATABASES: dict[str, dict[str, Any]] = {
    "default": database_settings(ENV.DATABASE_URL)
    if ENV.DATABASE_URL
    else {
        "ENGINE": "tiktok_ops.postgres",
        "NAME": "tiktok_ops",
        "USER": "postgres",
        "HOST": str(EmbeddedServer.default().socket_directory),
    }
}
# Never a connection pool: a pool does not survive the forks of a worker. A web process has one (tiktok_ops.asgi).
DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
WEB_POOL = {"min_size": 2, "max_size": 20, "timeout": 10}

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
WHITENOISE_USE_FINDERS = not ENV.is_production
WHITENOISE_AUTOREFRESH = not ENV.is_production
MEDIA_ROOT = VAR_DIR / "media"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
# Rows are small; what is large arrives through the import form, which streams to disk.
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = ENV.is_production
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # a load balancer asks without TLS
SECURE_HSTS_SECONDS = 31_536_000 if ENV.is_production else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = ENV.is_production
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.is_production else None
X_FRAME_OPTIONS = "DENY"

# django-q2 carries doorbells, nothing else: truth, attempts and leases are rows of ours (ADR 0003).
DOORBELL_TIMEOUT_SECONDS = 300
QUEUE_BROKER = ENV.QUEUE_BROKER
# Each cluster's work processes on this host: steps with a long time-out hold up no others.
CLUSTERS = {"short": ENV.WORKERS, "long": ENV.LONG_WORKERS}


def _sized(workers: int) -> dict[str, int]:
    """Return what depends on a cluster's size; `retry` as in `tiktok_ops.queue.safety`."""
    return {"workers": workers, "retry": DOORBELL_TIMEOUT_SECONDS * (1 + ceil(2 / workers)) + 60}


Q_CLUSTER: dict[str, Any] = {
    "name": "short",
    **_sized(ENV.WORKERS),
    "ALT_CLUSTERS": {"long": _sized(max(ENV.LONG_WORKERS, 1))},
    **(
        {"redis": ENV.REDIS_URL.get_secret_value()}
        if QUEUE_BROKER == "redis"
        else {"orm": "default", "broker_class": "tiktok_ops.queue.broker.Doorbells"}
    ),
    "queue_limit": 1,
    "bulk": 1,
    "poll": 0.5,
    "guard_cycle": 0.5,
    "timeout": DOORBELL_TIMEOUT_SECONDS,
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": -1,
    "catch_up": False,
    "scheduler": False,
    "recycle": 500,
    "max_rss": ENV.WORKER_MEMORY_MB * 1024,  # in KiB: a process that grew so large is replaced after its task
    "log_level": "WARNING",
}

# How long a step is a worker's own before another may take it, unless the worker renews.
LEASE_SECONDS = ENV.LEASE_SECONDS
KEEPER_SECONDS = ENV.KEEPER_SECONDS
STALL_SECONDS = ENV.STALL_SECONDS

# What a web process listens to, on one connection for all its streams.
LIVE_CHANNELS = ("run_events",)
# How often a stream with nothing to say says so, and how often it asks whether it may still be read.
STREAM_HEARTBEAT_SECONDS = ENV.STREAM_HEARTBEAT_SECONDS
STREAM_CHECK_SECONDS = ENV.STREAM_CHECK_SECONDS

TIKTOK_CHUNK_BYTES = ENV.TIKTOK_CHUNK_BYTES
# What providers sign with what they tell us (`workflows.webhooks`); who has no secret here is not listened to.
WEBHOOK_SECRETS = {
    "studio": webhook_secrets(ENV, "STUDIO_WEBHOOK_SECRETS"),
    "tiktok": webhook_secrets(ENV, "TIKTOK_WEBHOOK_SECRETS"),
}
# How long what they told us is kept once it is over.
WEBHOOK_KEEP_DAYS = ENV.WEBHOOK_KEEP_DAYS
# Which of TikTok's apps we are; what is meant for another one is not for us.
TIKTOK_CLIENT_KEY = ENV.TIKTOK_CLIENT_KEY
# Where browsers and TikTok reach us; empty where only this machine does.
PUBLIC_URL = ENV.PUBLIC_URL
# Where, and at which pass, tests let a process die (`tiktok_ops.crash_points`).
CRASH_AT: dict[str, int] = ENV.crash_at

PROVIDERS: dict[str, dict[str, Any]] = {
    "claude": {
        "BACKEND": "agents.providers.claude.ClaudeProvider",
        "MODE": ENV.CLAUDE_MODE,
        "OPTIONS": {
            "api_key": ENV.ANTHROPIC_API_KEY.get_secret_value(),
            "base_url": ENV.ANTHROPIC_BASE_URL,
            "faults": ENV.CLAUDE_FAULTS,
            "keeps_log": True,  # the sandbox's own count, for all processes to read
        },
    },
    "tiktok": {
        "BACKEND": "agents.providers.tiktok.provider.TikTokProvider",
        "MODE": ENV.TIKTOK_MODE,
        "OPTIONS": {
            "base_url": ENV.TIKTOK_BASE_URL,
            "client_key": ENV.TIKTOK_CLIENT_KEY,
            "client_secret": ENV.TIKTOK_CLIENT_SECRET.get_secret_value(),
            "faults": ENV.TIKTOK_FAULTS,
            "shop_app_key": ENV.TIKTOK_SHOP_APP_KEY,
            "shop_app_secret": ENV.TIKTOK_SHOP_APP_SECRET,
        },
    },
    "studio": {
        "BACKEND": "agents.providers.studio.provider.StudioProvider",
        "MODE": ENV.STUDIO_MODE,
        "OPTIONS": {
            "api_key": ENV.STUDIO_API_KEY.get_secret_value(),
            "base_url": ENV.STUDIO_BASE_URL,
            # Without an address of ours nobody can call back; the studio is asked instead.
            "callback_url": f"{ENV.PUBLIC_URL}/hooks/studio/" if ENV.PUBLIC_URL else "",
            "faults": ENV.STUDIO_FAULTS,
        },
    },
    # The same in either mode: videos are made and measured on this machine.
    "transcoder": {
        "BACKEND": "agents.providers.transcoder.FfmpegTranscoder",
        "MODE": "sandbox",
        "OPTIONS": {"timeout_seconds": 120},
    },
}
MODELS = {"fast": ENV.MODEL_FAST, "smart": ENV.MODEL_SMART}

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tiktok_ops.rest.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["tiktok_ops.rest.permissions.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["tiktok_ops.rest.limits.ByCaller"],
    "DEFAULT_PAGINATION_CLASS": "tiktok_ops.rest.pagination.NewestFirst",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "tiktok_ops.rest.exceptions.problem_response",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["tiktok_ops.rest.parsers.StrictJSONParser"],
    "LIST_SERIALIZER_ERRORS_AS_DICT": True,
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,  # `Accept` says the format; `?format=` is an unknown parameter
}

# Calls a minute: failed sign-ins and health checks of an address, writes and reads of a key or a person.
RATE_TIERS = {"auth": 20, "write": 60, "read": 600, "health": 120}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "TikTok Ops API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v[0-9]",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "tiktok_ops.rest.schema.add_problems",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Swagger would have somebody else's server validate the schema.
    "SWAGGER_UI_SETTINGS": {"validatorUrl": None, "deepLinking": True, "displayRequestDuration": True},
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "TikTok Ops",
    "SITE_HEADER": "TikTok Ops",
    "SITE_SYMBOL": "podcasts",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("tiktok_ops/favicon.svg"),
        }
    ],
    "SITE_URL": None,
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "tiktok_ops.badges.environment",
    "STYLES": [lambda request: static("tiktok_ops/admin.css")],
    "SIDEBAR": {"show_search": True, "navigation": "tiktok_ops.navigation.sidebar"},
}

configure_logging(ENV.LOG_LEVEL, json=ENV.is_production)
LOGGING_CONFIG = None
django_stubs_ext.monkeypatch()

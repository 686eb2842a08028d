"""Addresses: the admin is the house, the API its side door."""

from django.urls import include, path, re_path
from django.views.generic import RedirectView

from tiktok_ops import health
from tiktok_ops.pages import site
from tiktok_ops.rest.resources import UnknownAddress
from tiktok_ops.rest.schema import DocsView, SchemaView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", site.urls),
    path("healthz", health.live, name="live"),
    path("readyz", health.ready, name="ready"),
    path("connect/tiktok/", include("agents.connections.urls")),
    path("sandbox/tiktok/", include("agents.sandbox.tiktok.urls")),
    path("pull/", include("workflows.pull_urls")),
    path("hooks/", include("workflows.webhooks.urls")),
    path("api/v1/", include("tiktok_ops.accounts.api.urls")),
    path("api/v1/", include("tiktok_ops.content.api.urls")),
    path("api/v1/", include("tiktok_ops.alerts.api.urls")),
    path("api/v1/", include("agents.api.urls")),
    path("api/v1/", include("approvals.api.urls")),
    path("api/v1/", include("workflows.api.urls")),
    path("api/schema/", SchemaView.as_view(), name="api-schema"),
    path("api/docs/", DocsView.as_view(), name="api-docs"),
    # Only what ends in a slash, so that an address without one is first sent to the address with it.
    re_path(r"^api/(?:[\s\S]*/)?\Z", UnknownAddress.as_view(), name="api-unknown"),
]

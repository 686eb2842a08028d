"""Addresses of posts and assets in the API."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from tiktok_ops.content.api.views import AssetResource, PostMetricsResource, PostResource

router = SimpleRouter()
router.register("posts", PostResource, basename="api-post")
router.register("assets", AssetResource, basename="api-asset")

urlpatterns = [
    *router.urls,
    path("posts/<uuid:id>/metrics/", PostMetricsResource.as_view(), name="api-post-metrics"),
]

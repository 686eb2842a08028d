"""Addresses of alerts in the API."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from tiktok_ops.alerts.api.views import AlertAcknowledgeView, AlertResource

router = SimpleRouter()
router.register("alerts", AlertResource, basename="api-alert")

urlpatterns = [
    *router.urls,
    path("alerts/<uuid:id>/acknowledge/", AlertAcknowledgeView.as_view(), name="api-alert-acknowledge"),
]

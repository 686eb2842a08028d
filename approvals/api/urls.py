"""Addresses of approvals in the API."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from approvals.api.shares import ShareResource
from approvals.api.views import ApprovalDecideView, ApprovalResource

router = SimpleRouter()
router.register("approvals", ApprovalResource, basename="api-approval")
router.register("approval-shares", ShareResource, basename="api-approval-share")

urlpatterns = [
    *router.urls,
    path("approvals/<uuid:id>/decide/", ApprovalDecideView.as_view(), name="api-approval-decide"),
]

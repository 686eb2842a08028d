"""Addresses of workspaces, brands and accounts in the API."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from tiktok_ops.accounts.api.views import AccountResource, BrandResource, MeView, WorkspaceResource

router = SimpleRouter()
router.register("workspaces", WorkspaceResource, basename="api-workspace")
router.register("brands", BrandResource, basename="api-brand")
router.register("accounts", AccountResource, basename="api-account")

urlpatterns = [path("me/", MeView.as_view(), name="api-me"), *router.urls]

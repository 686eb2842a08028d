"""Addresses of accounts in the API."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from tiktok_ops.accounts.api.views import AccountResource, MeView

router = SimpleRouter()
router.register("accounts", AccountResource, basename="api-account")

urlpatterns = [path("me/", MeView.as_view(), name="api-me"), *router.urls]

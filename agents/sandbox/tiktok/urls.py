"""What of TikTok a browser sees."""

from django.urls import path

from agents.sandbox.tiktok.views import authorize

urlpatterns = [path("v2/auth/authorize/", authorize, name="sandbox_tiktok_authorize")]

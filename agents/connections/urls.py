"""Where TikTok sends browsers back to."""

from django.urls import path

from agents.connections.views import callback

urlpatterns = [path("callback/", callback, name="tiktok_callback")]

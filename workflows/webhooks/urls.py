"""Where providers speak to us."""

from django.urls import path

from workflows.webhooks.views import hook

urlpatterns = [path("<slug:source>/", hook, name="hook")]

"""The admin with the pages of every app. The addresses load it: a process that serves no pages need not have it."""

from django.apps import apps
from django.contrib.admin import autodiscover, site

__all__ = ["site"]

autodiscover()

# django-q's own pages: a row added there would run any Python path.
for _model in apps.get_app_config("django_q").get_models():
    if site.is_registered(_model):
        site.unregister(_model)

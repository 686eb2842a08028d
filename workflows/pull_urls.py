"""Where TikTok pulls photos from."""

from django.urls import path

from workflows.pull_views import pull

urlpatterns = [path("<slug:token>/<int:number>.<slug:extension>", pull, name="pull_photo")]

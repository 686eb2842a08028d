"""Addresses of runs in the API."""

from rest_framework.routers import SimpleRouter

from workflows.api.views import RunResource

router = SimpleRouter()
router.register("runs", RunResource, basename="api-run")

urlpatterns = router.urls

"""Addresses of workflows, runs, effects, schedules and stop switches in the API."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from workflows.api import control, views
from workflows.api.batches import BatchResource
from workflows.api.catalogue import WorkflowResource
from workflows.api.effects import EffectResource
from workflows.api.schedules import ScheduleResource
from workflows.api.spend import SpendResource
from workflows.api.stops import StopResource

router = SimpleRouter()
router.register("runs", views.RunResource, basename="api-run")
router.register("batches", BatchResource, basename="api-batch")
router.register("effects", EffectResource, basename="api-effect")
router.register("schedules", ScheduleResource, basename="api-schedule")
router.register("stops", StopResource, basename="api-stop")

urlpatterns = [
    path("workflows/", WorkflowResource.as_view({"get": "list"}), name="api-workflow-list"),
    path("workflows/<slug:id>/", WorkflowResource.as_view({"get": "retrieve"}), name="api-workflow-detail"),
    path("spend/", SpendResource.as_view({"get": "list"}), name="api-spend"),
    *router.urls,
    path("runs/<uuid:id>/steps/", views.RunStepResource.as_view(), name="api-run-steps"),
    path("runs/<uuid:id>/events/", views.RunEventResource.as_view(), name="api-run-events"),
    path("runs/<uuid:id>/trace/", views.RunTraceResource.as_view(), name="api-run-trace"),
    path("runs/<uuid:id>/artifacts/", views.RunArtifactResource.as_view(), name="api-run-artifacts"),
    path("runs/<uuid:id>/cancel/", control.CancelRunView.as_view(), name="api-run-cancel"),
    path("runs/<uuid:id>/pause/", control.PauseRunView.as_view(), name="api-run-pause"),
    path("runs/<uuid:id>/resume/", control.ResumeRunView.as_view(), name="api-run-resume"),
    path("runs/<uuid:id>/replay/", control.ReplayRunView.as_view(), name="api-run-replay"),
    path("runs/<uuid:id>/compare/", control.CompareRunView.as_view(), name="api-run-compare"),
    path("runs/<uuid:id>/steps/<uuid:step_id>/retry/", control.RetryStepView.as_view(), name="api-run-retry"),
    path("runs/<uuid:id>/report/", views.RunReportView.as_view(), name="api-run-report"),
]

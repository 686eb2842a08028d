"""The project's settings, and an agent that does nothing."""

from tiktok_ops.settings import *  # noqa: F403
from tiktok_ops.settings import INSTALLED_APPS as OURS

INSTALLED_APPS = [*OURS, "benchmarks.apps.BenchmarksConfig"]

"""Runs the benchmark's workflow once, in this process: what the growth benchmark copies."""

import django

django.setup()

from django_q.models import OrmQ  # noqa: E402

from benchmarks.contenders.ours import world  # noqa: E402
from benchmarks.workload import SIX_STEPS  # noqa: E402
from workflows.engine import advance_run, clock_down  # noqa: E402
from workflows.services import start_run  # noqa: E402

account_id, _ = world()
run = start_run(SIX_STEPS.slug, account_id=account_id, by="benchmark")
done = advance_run(run.id, seconds_left=clock_down(300))
OrmQ.objects.all().delete()
if done != len(SIX_STEPS.nodes):
    raise RuntimeError(f"The run ended after {done} steps.")

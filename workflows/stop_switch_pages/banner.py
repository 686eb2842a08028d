"""What every page says while something is stopped that concerns the person."""

from django.urls import reverse

from tiktok_ops.accounts.models import User
from tiktok_ops.badges import Notice, register_notices
from tiktok_ops.cells import visible
from workflows.models import StopSwitch
from workflows.stop_switch import sentence_of

MOST_READ = 50


def register() -> None:
    """Show on every page what is stopped."""
    register_notices(find_stops)


def find_stops(user: User) -> list[Notice]:
    """Return a notice for each switch that is on and concerns the person, the widest first."""
    found = StopSwitch.objects.engaged().visible_to(user)
    rows = found.select_related("workspace", "brand__workspace", "account__workspace")
    stops = sorted(rows[:MOST_READ], key=lambda stop: (StopSwitch.Scope.values.index(stop.scope), stop.id))
    return [
        Notice(
            text=visible(sentence_of(stop)), url=reverse("admin:workflows_stopswitch_change", args=[stop.id])
        )
        for stop in stops
    ]

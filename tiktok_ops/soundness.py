"""CHECK constraints that call a function of the database: what must hold of a row that every step writes."""

from django.db.models import BooleanField, Func


class Sound(Func):
    """Whether `function` finds the columns sound: `Sound("id", "status", function="workflow_run_is_sound")`.

    For a `CheckConstraint`. The function refuses with an error that names the rule that was broken.
    """

    output_field = BooleanField()

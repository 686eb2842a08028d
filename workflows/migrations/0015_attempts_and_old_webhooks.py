"""Another attempt of an effect: what says that it may begin again, and who allowed it; and old webhooks found fast."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Until now these were moved only where nothing had left, or on TikTok's own word; which of both, events say.
CLEARED = migrations.RunSQL(
    """
    UPDATE workflows_effect SET cleared_by = 'provider'
        WHERE claims > 0 AND status IN ('prepared', 'held');
    """,
    migrations.RunSQL.noop,
)

# What a row alone cannot say: how it was before, and who decided. Sending is counted as it begins, from
# `prepared`, which `effect_begins_again_on_a_word` guards.
ATTEMPTS = migrations.RunSQL(
    """
    CREATE FUNCTION workflows_effect_attempts() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.claims <> NEW.claims AND NOT (OLD.status = 'prepared' AND NEW.status = 'sending') THEN
            RAISE EXCEPTION 'an effect begins to be sent from prepared only'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF OLD.attempt_allowed_by_id IS NOT NULL AND (
            (OLD.attempt_allowed_by_id, OLD.attempt_allowed_at, OLD.attempt_reason)
                IS DISTINCT FROM (NEW.attempt_allowed_by_id, NEW.attempt_allowed_at, NEW.attempt_reason)
            OR (NEW.cleared_by = 'person' AND OLD.cleared_by <> 'person')
        ) THEN
            RAISE EXCEPTION 'one more attempt of an effect is allowed once only'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF OLD.attempt_allowed_by_id IS NULL AND EXISTS (
            SELECT FROM approvals_decision
            WHERE id = NEW.decision_id AND decided_by_id = NEW.attempt_allowed_by_id
        ) THEN
            RAISE EXCEPTION 'one more attempt of an effect is allowed by another than who approved it'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER effect_attempts BEFORE UPDATE ON workflows_effect FOR EACH ROW
        WHEN (
            (OLD.claims, OLD.cleared_by, OLD.attempt_allowed_by_id, OLD.attempt_allowed_at, OLD.attempt_reason)
            IS DISTINCT FROM
            (NEW.claims, NEW.cleared_by, NEW.attempt_allowed_by_id, NEW.attempt_allowed_at, NEW.attempt_reason)
        ) EXECUTE FUNCTION workflows_effect_attempts();
    """,
    """
    DROP TRIGGER effect_attempts ON workflows_effect;
    DROP FUNCTION workflows_effect_attempts();
    """,
)


class Migration(migrations.Migration):
    """The columns, what the database refuses of them, and the index by which the keeper finds old webhooks."""

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("approvals", "0004_bulk"),
        ("workflows", "0014_batches"),
    ]

    operations = [
        migrations.AddField("effect", "attempt_allowed_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "effect",
            "attempt_allowed_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField("effect", "attempt_reason", models.TextField(blank=True)),
        migrations.AddField(
            "effect",
            "cleared_by",
            models.CharField(
                blank=True,
                choices=[
                    ("nothing_left", "No byte had left"),
                    ("provider", "TikTok"),
                    ("person", "A person"),
                ],
                max_length=16,
            ),
        ),
        CLEARED,
        migrations.AddConstraint(
            "effect",
            models.CheckConstraint(
                condition=models.Q(
                    ("claims", 0),
                    models.Q(("status__in", ["prepared", "held"]), _negated=True),
                    models.Q(("cleared_by", ""), _negated=True),
                    _connector="OR",
                ),
                name="effect_begins_again_on_a_word",
            ),
        ),
        migrations.AddConstraint(
            "effect",
            models.CheckConstraint(
                condition=models.Q(
                    ("cleared_by__in", ["", "nothing_left", "provider"]),
                    models.Q(("attempt_allowed_by__isnull", False), ("cleared_by", "person")),
                    _connector="OR",
                ),
                name="effect_person_allows_attempt",
            ),
        ),
        migrations.AddConstraint(
            "effect",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("attempt_allowed_at__isnull", True),
                        ("attempt_allowed_by__isnull", True),
                        ("attempt_reason", ""),
                    ),
                    models.Q(
                        ("attempt_allowed_at__isnull", False),
                        ("attempt_allowed_by__isnull", False),
                        models.Q(("attempt_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="effect_attempt_has_reason",
            ),
        ),
        ATTEMPTS,
        migrations.AddIndex(
            "webhookmessage",
            models.Index(
                condition=models.Q(("status__in", ("ignored", "not_understood", "processed"))),
                fields=["finished_at"],
                name="webhook_over",
            ),
        ),
    ]

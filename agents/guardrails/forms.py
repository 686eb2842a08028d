"""The forms of a guardrail policy: a preset to adopt, and a version of one's own."""

from collections.abc import Iterable
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from agents.guardrails.policy import CustomPattern, Policy, Preset, Verdict
from agents.guardrails.registry import DETECTORS
from agents.guardrails.services import LONGEST_NOTE
from agents.guardrails.words import PRESET_WORDS, VERDICT_WORDS
from tiktok_ops.accounts.access import workspaces_with
from tiktok_ops.accounts.models import User, Workspace
from tiktok_ops.accounts.roles import Capability

_CHOICES = [(verdict.value, words) for verdict, words in VERDICT_WORDS.items()]
ADOPTABLE = (Preset.STARTER, Preset.STANDARD, Preset.REGULATED)


def _lines(label: str, help_text: str) -> forms.CharField:
    widget = UnfoldAdminTextareaWidget(attrs={"rows": 3, "spellcheck": "false"})
    return forms.CharField(label=label, help_text=help_text, widget=widget, required=False, max_length=20_000)


def _note() -> forms.CharField:
    return forms.CharField(
        max_length=LONGEST_NOTE,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        label="Why",
        help_text="Kept with the version.",
    )


class PresetForm(forms.Form):
    """Which preset to adopt, in which workspace."""

    workspace = forms.ModelChoiceField(
        Workspace.objects.none(), widget=UnfoldAdminSelectWidget, empty_label="Choose a workspace"
    )
    preset = forms.ChoiceField(
        choices=[("", "Choose how strict"), *((one.value, PRESET_WORDS[one]) for one in ADOPTABLE)],
        widget=UnfoldAdminSelectWidget,
        label="How strict",
        error_messages={"required": "Choose a preset: none is chosen for you."},
    )
    note = _note()

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["workspace"].queryset = workspaces_with(by, Capability.MANAGE)  # type: ignore[attr-defined]


class PolicyForm(forms.Form):
    """A version of the workspace's own: a verdict for each detector, its lists and its patterns."""

    note = _note()
    allowed_domains = _lines(
        "Allowed domains", "One to a line, as example.com; what is under them is allowed, too."
    )
    competitors = _lines("Competitors", "Names, one to a line.")
    patterns = _lines(
        "Patterns of your own",
        "One to a line: name, verdict, regular expression; such as promo hold PROMO-\\d{4}.",
    )
    thresholds = forms.JSONField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2, "spellcheck": "false"}),
        help_text='How sure a detector has to be, from 0 to 1, where it is not as it was. Written as {"phone": 0.7}.',
        error_messages={"invalid": 'This is not JSON: write it as {"phone": 0.7}.'},
    )

    def __init__(self, data: Any = None, *, policy: Policy) -> None:
        super().__init__(data, initial=_initial(policy))
        for name, detector in DETECTORS.items():
            self.fields[name] = forms.ChoiceField(
                choices=_CHOICES,
                widget=UnfoldAdminSelectWidget,
                label=detector.label,
                help_text=detector.looks_for,
            )
        self.order_fields([*DETECTORS, "note"])

    def clean_thresholds(self) -> dict[str, Any]:
        """Return the thresholds; they have to be a JSON object."""
        given = self.cleaned_data["thresholds"]
        if given not in (None, "") and not isinstance(given, dict):
            raise forms.ValidationError(f'{given!r} names no detectors: write it as {{"phone": 0.7}}.')
        return given or {}

    def clean_patterns(self) -> list[CustomPattern]:
        """Return the patterns written line by line."""
        return [_pattern(line) for line in _written(self.cleaned_data["patterns"])]

    def given(self) -> dict[str, Any]:
        """Return what the service takes; the form is valid."""
        values = self.cleaned_data
        return {
            "verdicts": {name: values[name] for name in DETECTORS},
            "thresholds": values["thresholds"],
            "patterns": values["patterns"],
            "allowed_domains": list(_written(values["allowed_domains"])),
            "competitors": list(_written(values["competitors"])),
            "note": values["note"],
        }


def _initial(policy: Policy) -> dict[str, Any]:
    rules = policy.rules()
    return {
        **{name: rule["verdict"] for name, rule in rules.items()},
        "allowed_domains": "\n".join(policy.allowed_domains),
        "competitors": "\n".join(policy.competitors),
        "patterns": "\n".join(f"{one.name} {one.verdict.value} {one.pattern}" for one in policy.patterns),
        "thresholds": None,
    }


def _written(text: str) -> Iterable[str]:
    return (line.strip() for line in text.splitlines() if line.strip())


def _pattern(line: str) -> CustomPattern:
    """Read a line; raises `ValidationError` naming it."""
    parts = line.split(None, 2)
    if len(parts) != 3 or parts[1] not in set(Verdict):
        verdicts = ", ".join(Verdict)
        raise forms.ValidationError(
            f"{line[:60]!r} is no pattern: write a name, one of {verdicts}, and the regular expression."
        )
    return CustomPattern(parts[0], parts[2], Verdict(parts[1]))

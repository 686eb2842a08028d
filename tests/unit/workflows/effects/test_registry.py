"""The kinds of effects there are."""

import pytest
from django.utils.module_loading import import_string

from approvals.kinds import known_kinds
from workflows.effects.registry import EFFECTS, EffectKind, by_name


def kind(name: str = "made", *, performed_by: str = "workflows.effects.post_video.act") -> EffectKind:
    """Return a kind."""
    return EffectKind(name=name, label="Made", approval="post_video", performed_by=performed_by, done="made")


def test_by_name_with_two_of_one_name_is_refused() -> None:
    with pytest.raises(ValueError, match="Two kinds of effects are called 'made'"):
        by_name([kind(), kind()])


def test_registry_cannot_be_changed_after_it_was_made() -> None:
    with pytest.raises(TypeError):
        by_name([kind()])["other"] = kind("other")  # type: ignore[index]


def test_every_kind_is_sealed_by_an_approval_there_is_and_names_a_function() -> None:
    assert set(EFFECTS) == set(known_kinds()) - {
        "budget",
        "run_sheet",
        "video_idea",
    }  # nothing leaves by these
    for one in EFFECTS.values():
        assert one.approval in known_kinds()
        assert callable(import_string(one.performed_by))


def test_perform_calls_the_function_that_is_named() -> None:
    assert kind(performed_by="operator.not_").perform(None) is True  # type: ignore[arg-type, comparison-overlap]


def test_only_posts_leave_by_their_reference_and_are_closed_by_their_link() -> None:
    posts = [one.name for one in EFFECTS.values() if one.leaves_by_reference or one.is_post]
    assert posts == ["post_video", "post_photo"]

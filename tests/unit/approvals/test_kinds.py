"""The registry of kinds."""

from dataclasses import replace

import pytest

from approvals.kinds import KindUnknown, kind_of, known_kinds, register


def test_kinds_that_are_registered_are_known_by_name() -> None:
    assert known_kinds() == [
        *(
            "budget",
            "create_campaign",
            "post_photo",
            "post_video",
            "reply_comment",
            "run_sheet",
            "send_message",
            "set_price",
            "set_stock",
            "take_off_sale",
            "update_listing",
            "video_idea",
        )
    ]
    assert kind_of("post_video").label == "Post a video"


def test_kind_that_is_not_registered_is_refused_naming_those_there_are() -> None:
    with pytest.raises(
        KindUnknown, match="There is no approval kind 'tweet'; there are budget, create_campaign, "
    ):
        kind_of("tweet")


def test_register_of_a_second_kind_of_that_name_is_refused() -> None:
    with pytest.raises(ValueError, match="'post_video' is registered twice"):
        register(replace(kind_of("post_video"), label="Another"))

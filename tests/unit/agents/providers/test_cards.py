"""Cards: text on a gradient, as planes."""

import pytest

from agents.providers.cards import HEIGHT, WIDTH, Card, TooMuchText, draw_cards
from agents.providers.lettering import Undrawable

INK = 235


def inked_rows(card: Card) -> list[int]:
    return [row for row in range(HEIGHT) if INK in card.y[row * WIDTH : (row + 1) * WIDTH]]


def inked_columns(card: Card) -> set[int]:
    return {at % WIDTH for at, value in enumerate(card.y) if value == INK}


def test_draw_a_card_fills_the_planes() -> None:
    [card] = draw_cards(["Tea"])
    assert [len(plane) for plane in (card.y, card.u, card.v)] == [WIDTH * HEIGHT, *[WIDTH * HEIGHT // 4] * 2]


def test_draw_text_in_the_middle_within_the_margins() -> None:
    [card] = draw_cards(["What most people miss about tea"])
    rows, columns = inked_rows(card), inked_columns(card)
    assert abs((rows[0] + rows[-1]) / 2 - HEIGHT / 2) < 40
    assert min(columns) >= 150, "the app's buttons cover the rest"
    assert max(columns) < WIDTH - 150
    assert len(rows) > 100  # two rows of large letters


def test_draw_the_background_lighter_towards_the_bottom() -> None:
    [card] = draw_cards(["Tea"])
    assert (card.y[0], card.y[-1]) == (46, 92)
    assert (card.u[0], card.v[0]) == (150, 112)


def test_draw_ink_without_a_tint() -> None:
    [card] = draw_cards(["Tea"])
    at = card.u.index(128)
    assert card.v[at] == 128
    assert card.y[(at // (WIDTH // 2)) * 2 * WIDTH + at % (WIDTH // 2) * 2] == INK


def test_draw_every_line_in_the_size_of_the_longest() -> None:
    alone = inked_rows(draw_cards(["Tea"])[0])
    beside = inked_rows(draw_cards(["Tea", "word " * 90])[0])
    assert len(beside) < len(alone)
    assert inked_rows(draw_cards(["Tea", "pot"])[0]) == alone


def test_draw_a_word_too_wide_for_large_letters_in_small_ones() -> None:
    [card] = draw_cards(["Wochenendplanung" * 2])
    assert 30 < len(inked_rows(card)) <= 40


@pytest.mark.parametrize("lines", [["Tea", "word " * 900], ["Tea", "w" * 80]])
def test_draw_a_line_that_does_not_fit_names_it(lines: list[str]) -> None:
    with pytest.raises(TooMuchText, match=r"The line '(word|www).* does not fit on a card; shorten it\."):
        draw_cards(lines)


def test_draw_a_line_of_nothing_names_it() -> None:
    with pytest.raises(TooMuchText, match="The line '🍵' has nothing that can be drawn"):
        draw_cards(["Tea", "🍵"])


def test_draw_no_lines_is_refused() -> None:
    with pytest.raises(ValueError, match="There are no lines to draw"):
        draw_cards([])


def test_draw_another_script_is_refused() -> None:
    with pytest.raises(Undrawable, match="茶"):
        draw_cards(["茶"])


@pytest.mark.parametrize(("share", "width"), [(0, 0), (0.5, 450), (1, 900)])
def test_progress_fills_the_bar_and_nothing_else(share: float, width: int) -> None:
    [card] = draw_cards(["Tea"])
    plane = card.with_progress(share)
    changed = [at for at, (old, new) in enumerate(zip(card.y, plane, strict=True)) if old != new]
    assert len(changed) == width * 12
    assert {at // WIDTH for at in changed} <= set(range(1784, 1796))
    assert all(90 <= at % WIDTH < 90 + width for at in changed)

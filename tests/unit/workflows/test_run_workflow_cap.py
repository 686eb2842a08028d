"""`run_workflow --cap`: an amount as people write it, or one sentence."""

from decimal import Decimal

import pytest

from agents.budgets.services import CapRefused
from workflows.management.commands.run_workflow import usd_of


@pytest.mark.parametrize(
    ("written", "amount"), [("0.50", "0.5"), ("$2", "2"), (" 3 ", "3"), ("0", "0"), ("1e-6", "0.000001")]
)
def test_read_a_cap_as_people_write_it(written: str, amount: str) -> None:
    assert usd_of(written) == Decimal(amount)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("much", "The cap 'much' is no amount of US dollars: write it as --cap 0.50."),
        ("-1", "The cap_usd '-1' is no amount of US dollars: give one from 0 to 1,000,000"),
        ("nan", "The cap_usd 'NaN' is no amount of US dollars"),
    ],
)
def test_refuse_a_cap_that_is_none_in_a_sentence(written: str, said: str) -> None:
    with pytest.raises(CapRefused) as refused:
        usd_of(written)
    assert str(refused.value).startswith(said)

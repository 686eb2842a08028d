"""Money: how many decimals a currency has, and sums shared out to the last unit without losing one."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

_WITHOUT = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_WITH_TWO = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY
    COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR
    ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
    MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
    SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW
"""
_WITH_THREE = "BHD IQD JOD KWD LYD OMR TND"
_NO_DECIMALS = frozenset(_WITHOUT.split())
_THREE_DECIMALS = frozenset(_WITH_THREE.split())

CURRENCIES = _NO_DECIMALS | _THREE_DECIMALS | frozenset(_WITH_TWO.split())
"""The currencies people pay in. Source: ISO 4217, list one, without funds, metals and test codes."""

USUAL_DECIMALS = 2


def decimals_of(currency: str) -> int:
    """Return how many decimals an amount in this currency has: 0, 2 or 3. Source: ISO 4217, minor units.

    A code that is not known has the usual two.
    """
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else USUAL_DECIMALS


def unit_of(currency: str) -> Decimal:
    """Return the smallest amount there is: 0.01 for EUR, 1 for JPY, 0.001 for KWD."""
    return Decimal(1).scaleb(-decimals_of(currency))


def is_whole(amount: Decimal, currency: str) -> bool:
    """Tell whether an amount has no more decimals than its currency."""
    return amount == rounded_down(amount, currency)


def rounded_down(amount: Decimal, currency: str) -> Decimal:
    """Return the greatest amount of this currency that is not above `amount` (0 or more)."""
    return amount.quantize(unit_of(currency), rounding=ROUND_DOWN)


def shared_out(amount: Decimal, weights: Sequence[float], currency: str) -> list[Decimal]:
    """Return `amount * weight / sum of weights` for each weight, in whole units that add up to `amount`.

    Each gets its share rounded down; what is left goes, a unit each, to the largest remainders, of equals
    to the first. Weights are 0 or more; where all are 0, they count alike. Source: the method of largest
    remainders (Hamilton, 1792), exact in fractions. Raises `ValueError` for an amount with more decimals
    than the currency has.
    """
    if not is_whole(amount, currency):
        raise ValueError(f"The amount {amount} has more decimals than {currency} has.")
    if not weights:
        return []
    units = int(amount / unit_of(currency))
    exact = [Fraction(weight) for weight in weights]
    total = sum(exact)
    quotas = [units * weight / total if total else Fraction(units, len(exact)) for weight in exact]
    counts = [int(quota) for quota in quotas]
    by_remainder = sorted(range(len(quotas)), key=lambda at: (counts[at] - quotas[at], at))
    for at in by_remainder[: units - sum(counts)]:
        counts[at] += 1
    return [count * unit_of(currency) for count in counts]

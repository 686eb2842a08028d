"""What goes wrong with a provider, as one sentence and what to do about it."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import ClassVar

from agents.providers.language import LanguageAnswer, Usage
from tiktok_ops.errors import Refused

LONGEST_RETRY_AFTER_SECONDS = 3600.0
"""A provider that asks for more is asked again after this: nothing waits for a number gone wrong."""


RECONNECT_LOOK_SECONDS = 60.0
"""How often what waits for an account to be connected again looks, beside being woken when it is."""


class Advice(StrEnum):
    """What to do after an error.

    `retry`: try again, and count it as a try. `wait`: try again later without counting it, the request
    was not at fault. `give_up`: the same request will fail again. `ask_person`: someone has to change
    something first.
    """

    RETRY = "retry"
    WAIT = "wait"
    GIVE_UP = "give_up"
    ASK_PERSON = "ask_person"


class ProviderError(Refused):
    """The provider could not do what was asked."""

    default_advice: ClassVar[Advice] = Advice.GIVE_UP

    def __init__(
        self,
        sentence: str = "",
        *,
        advice: Advice | None = None,
        retry_after_seconds: float | None = None,
        request_id: str = "",
        code: str = "",
        was_sent: bool | None = None,
        may_have_acted: bool = True,
    ) -> None:
        """Say what went wrong and what to do.

        `code` is the provider's own name for it, empty where it has none. `was_sent` says whether the
        request left: True where an answer came back, False where not a byte went out, None where nobody
        knows. `may_have_acted` is False only where the provider cannot have done what was asked: it was
        never sent, or refused by name.
        """
        super().__init__(sentence)
        self.advice = advice or self.default_advice
        self.retry_after_seconds = retry_after_seconds
        self.request_id = request_id
        self.code = code
        self.was_sent = was_sent
        self.may_have_acted = may_have_acted

    @property
    def usage(self) -> Usage | None:
        """Return what was paid for before this went wrong; None where nothing is known to be."""
        return None


class ProviderRateLimited(ProviderError):
    """The provider asks us to slow down; wait before the next call."""

    default_advice = Advice.WAIT


class ProviderUnavailable(ProviderError):
    """The provider did not answer as it should; try again."""

    default_advice = Advice.RETRY


class BreakerOpen(ProviderError):
    """The provider failed too often in a row and is left alone for a while; wait."""

    default_advice = Advice.WAIT

    def __init__(self, sentence: str = "", *, retry_after_seconds: float = 0) -> None:
        super().__init__(
            sentence, retry_after_seconds=retry_after_seconds, was_sent=False, may_have_acted=False
        )


class ProviderMisconfigured(ProviderError):
    """The provider's settings do not work; correct them and start again."""

    default_advice = Advice.ASK_PERSON


class ProviderUnpaid(ProviderError):
    """The provider's account has no credit left; add some, then retry."""

    default_advice = Advice.ASK_PERSON


class AccessRefused(ProviderError):
    """The account's access is missing, has ended or was taken back; connect the account again."""

    default_advice = Advice.ASK_PERSON


class ReconnectNeeded(AccessRefused):
    """The account has to be connected to TikTok again; what needs it waits and then goes on by itself."""

    default_advice = Advice.WAIT

    def __init__(self, sentence: str = "") -> None:
        super().__init__(
            sentence,
            retry_after_seconds=RECONNECT_LOOK_SECONDS,
            code="reconnect_needed",
            was_sent=False,
            may_have_acted=False,
        )


class ProviderRejected(ProviderError):
    """The provider rejected the request as wrong; it has to be changed before it is sent again."""


class PromptTooLong(ProviderRejected):
    """The prompt is longer than the model can read; send less."""


class AnswerError(ProviderError):
    """The model answered and was paid, but the answer cannot be used."""

    default_advice = Advice.RETRY

    def __init__(
        self,
        sentence: str = "",
        *,
        answer: LanguageAnswer | None = None,
        advice: Advice | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(
            sentence, advice=advice, request_id=request_id or (answer.request_id if answer else "")
        )
        self.answer = answer

    @property
    def usage(self) -> Usage | None:
        """Return what the answer took, to be stored before anything else is done."""
        return self.answer.usage if self.answer else None


class ProviderRefused(AnswerError):
    """The model refused to answer; a person has to look at what was asked."""

    default_advice = Advice.ASK_PERSON


class OutputInvalid(AnswerError):
    """The model's answer does not have the shape that was asked for; ask once more."""


class OutputTruncated(AnswerError):
    """The model's answer was cut off at its token limit; ask for less or allow more tokens."""


class OutputPaused(AnswerError):
    """The model paused in the middle of its answer; ask again."""


class ContextExceeded(AnswerError):
    """The model ran out of room to answer in; send a shorter prompt."""

    default_advice = Advice.GIVE_UP


class UnknownStop(AnswerError):
    """The model stopped for a reason this version does not know; a person has to look at it."""

    default_advice = Advice.ASK_PERSON


def read_retry_after(
    value: str | None, *, now: datetime | None = None, longest: float = LONGEST_RETRY_AFTER_SECONDS
) -> float | None:
    """Return how long a `Retry-After` header asks us to wait, in seconds from 0 to `longest`.

    The header holds seconds or an HTTP date (RFC 9110, 10.2.3); what is neither gives None, what is
    negative or past gives 0. `now` is aware; by default the clock's.
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = _seconds_until(value, now or datetime.now(UTC))
    if math.isnan(seconds):
        return None
    return min(max(seconds, 0.0), longest)


def _seconds_until(date: str, now: datetime) -> float:
    """Return the seconds from `now` to an HTTP date; not a number where it is no date."""
    try:
        then = parsedate_to_datetime(date)
    except ValueError:
        return math.nan
    return (then if then.tzinfo else then.replace(tzinfo=UTC)).timestamp() - now.timestamp()

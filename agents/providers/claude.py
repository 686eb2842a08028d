"""Claude through the anthropic SDK, or the sandbox at the same wire."""

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from agents.providers.claude_answers import read_answer
from agents.providers.claude_batches import ClaudeBatches
from agents.providers.claude_client import timeout_of
from agents.providers.claude_problems import LONGEST_REQUEST_ID
from agents.providers.claude_questions import counted_params_of, params_of
from agents.providers.errors import ProviderUnavailable
from agents.providers.language import LanguageAnswer, LanguageRequest, ModelNote

LOOK_UP_SECONDS = 5.0


class _Count(BaseModel):
    """The answer to a count."""

    input_tokens: int = Field(ge=0)


class _Model(BaseModel):
    """What the API says of a model, as far as it matters here."""

    lifecycle: Literal["active", "deprecated", "retired"]
    retires_at: AwareDatetime | None = None


class ClaudeProvider(ClaudeBatches):
    """Asks Claude one question at a time and gives back a JSON object; see `LanguageProvider`."""

    def ask(self, request: LanguageRequest) -> LanguageAnswer:
        """Send one question and return its answer; see `LanguageProvider.ask`."""
        params = params_of(request)
        timeout = timeout_of(request.timeout_seconds)
        raw = self.call(lambda client: client.messages.with_raw_response.create(**params, timeout=timeout))
        request_id = (raw.request_id or "")[:LONGEST_REQUEST_ID]
        return read_answer(raw.http_response.content, request_id=request_id, request=request)

    def count_tokens(self, request: LanguageRequest) -> int:
        """Return how many tokens a question has, as the model counts them; that is free."""
        params = counted_params_of(request)
        timeout = timeout_of(request.timeout_seconds)
        raw = self.call(
            lambda client: client.messages.with_raw_response.count_tokens(**params, timeout=timeout)
        )
        try:
            return _Count.model_validate_json(raw.http_response.content).input_tokens
        except ValidationError:
            raise ProviderUnavailable(
                "Claude's address counted tokens with something that is no number; try again, and check "
                "ANTHROPIC_BASE_URL if it stays.",
                request_id=(raw.request_id or "")[:LONGEST_REQUEST_ID],
            ) from None

    def look_up_model(self, model: str) -> ModelNote:
        """Return what is told of a model. Raises `ProviderMisconfigured` for one that is not known."""
        raw = self.call(
            lambda client: client.models.with_raw_response.retrieve(
                model, timeout=timeout_of(LOOK_UP_SECONDS)
            )
        )
        try:
            told = _Model.model_validate_json(raw.http_response.content)
        except ValidationError:
            raise ProviderUnavailable(
                f"Claude's address told nothing of the model {model!r} that could be read; try again."
            ) from None
        return ModelNote(is_retired=told.lifecycle == "retired", retires_on=_day(told.retires_at))


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""

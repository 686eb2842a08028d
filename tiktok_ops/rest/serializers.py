"""What every object of the API carries, and how money and time are written."""

from datetime import UTC
from decimal import Decimal
from typing import Any, ClassVar, TypedDict, TypeVar

from django.db.models import DateTimeField, JSONField, Model
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

ModelT = TypeVar("ModelT", bound=Model)


class Money(TypedDict):
    """An amount as a decimal string, with its currency (ISO 4217)."""

    amount: str
    currency: str


def money_usd(amount: Decimal) -> Money:
    """Write US dollars with the six decimals that prices per token need."""
    return {"amount": f"{amount:.6f}", "currency": "USD"}


class Tokens(TypedDict):
    """Tokens by the classes they are priced in."""

    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_5m_tokens: int
    cache_write_1h_tokens: int


class UtcField(serializers.DateTimeField):
    """A time in ISO 8601, in UTC whatever zone the request's person lives in."""

    def __init__(self, **options: Any) -> None:
        super().__init__(default_timezone=UTC, **options)


@extend_schema_field({"type": ["object", "array", "string", "number", "boolean"]})
class AnyJsonField(serializers.JSONField):
    """Any JSON value; null only where the row may have none."""


class ResourceSerializer(serializers.ModelSerializer[ModelT]):
    """A row as an object of the API; each says whether it is of the sandbox."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        DateTimeField: UtcField,
        JSONField: AnyJsonField,
    }
    sandbox = serializers.SerializerMethodField()

    def get_sandbox(self, row: Any) -> bool:
        """Return whether nothing of this row reaches TikTok itself."""
        return bool(row.mode == "sandbox")


class BodySerializer(serializers.Serializer[dict[str, Any]]):
    """A body of a request; a field there is not is refused rather than left unread.

    `noun` is what the body is, as in "There is no field 'colour'; a run takes …".
    """

    noun: ClassVar[str]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Raise `ValidationError` with a sentence for each field there is not."""
        takes = ", ".join(self.fields)
        unknown = sorted(set(self.initial_data) - set(self.fields))
        if unknown:
            sentences = {name: f"There is no field {name!r}; {self.noun} takes {takes}." for name in unknown}
            raise serializers.ValidationError(sentences)
        return attrs

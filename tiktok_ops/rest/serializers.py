"""What every object of the API carries, and how money and time are written."""

from datetime import UTC
from decimal import Decimal
from typing import Any, TypedDict, TypeVar

from django.db.models import DateTimeField, Model
from rest_framework import serializers

ModelT = TypeVar("ModelT", bound=Model)


class Money(TypedDict):
    """An amount as a decimal string, with its currency (ISO 4217)."""

    amount: str
    currency: str


def money_usd(amount: Decimal) -> Money:
    """Write US dollars with the six decimals that prices per token need."""
    return {"amount": f"{amount:.6f}", "currency": "USD"}


class UtcField(serializers.DateTimeField):
    """A time in ISO 8601, in UTC whatever zone the request's person lives in."""

    def __init__(self, **options: Any) -> None:
        super().__init__(default_timezone=UTC, **options)


class ResourceSerializer(serializers.ModelSerializer[ModelT]):
    """A row as an object of the API; each says whether it is of the sandbox."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        DateTimeField: UtcField,
    }
    sandbox = serializers.SerializerMethodField()

    def get_sandbox(self, row: Any) -> bool:
        """Return whether nothing of this row reaches TikTok itself."""
        return bool(row.mode == "sandbox")

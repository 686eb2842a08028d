import pytest

from agents.skills.places import country_of


@pytest.mark.parametrize(
    ("locale", "country"),
    [
        ("de-CH", "CH"),
        ("de_at", "AT"),
        ("de", "DE"),
        ("vi", "VN"),
        ("EN", "US"),
        ("xx", "US"),
        ("", "US"),
        ("es-419", "ES"),
    ],
)
def test_country_of_a_locale(locale: str, country: str) -> None:
    assert country_of(locale) == country

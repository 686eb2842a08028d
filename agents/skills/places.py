"""Which country an account speaks to, by its locale."""

COUNTRIES = {"en": "US", "de": "DE", "es": "ES", "pt": "BR", "fr": "FR", "it": "IT", "vi": "VN"}
"""The country most of a language's TikTok users are in, where the locale names none. Ours."""


def country_of(locale: str) -> str:
    """Return the two letters of a locale's country: `de-CH` is `CH`, `de` is `DE`; `US` where nothing is known."""
    language, _, region = locale.replace("_", "-").partition("-")
    if len(region) == 2 and region.isalpha():
        return region.upper()
    return COUNTRIES.get(language.lower(), "US")

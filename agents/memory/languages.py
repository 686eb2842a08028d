"""In which language PostgreSQL reads what is remembered: that of the account's locale, else none in particular."""

SIMPLE = "simple"
"""Words as they are written, without stems or stop words: for languages PostgreSQL has no rules for."""

_CONFIGURATIONS = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "id": "indonesian",
    "it": "italian",
    "nb": "norwegian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}
"""Source: the Snowball dictionaries PostgreSQL comes with (`pg_ts_config`), by ISO 639-1."""


def configuration_of(locale: str) -> str:
    """Return the text search configuration for a locale such as `de-CH`."""
    return _CONFIGURATIONS.get(locale.partition("-")[0].partition("_")[0].lower(), SIMPLE)


CONFIGURATIONS = (SIMPLE, *sorted(set(_CONFIGURATIONS.values())))

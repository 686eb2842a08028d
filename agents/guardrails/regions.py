"""Whose telephone numbers and words to expect: the regions of an account's locale."""

LIKELIEST = {
    "en": ("US", "GB"),
    "de": ("DE", "CH", "AT"),
    "es": ("ES", "MX"),
    "pt": ("BR", "PT"),
    "vi": ("VN",),
    "fr": ("FR", "CH"),
    "it": ("IT", "CH"),
}


def regions_of(locale: str) -> tuple[str, ...]:
    """Return the regions in which people write numbers without a country code: the locale's own, then its language's.

    "de-CH" gives CH, DE, AT; a language that is not known gives its region alone.
    """
    language, _, region = locale.replace("_", "-").partition("-")
    region = region.rpartition("-")[2].upper()
    own = (region,) if len(region) == 2 else ()
    return tuple(dict.fromkeys([*own, *LIKELIEST.get(language.lower(), ())]))

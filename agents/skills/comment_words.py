"""What comments are made of: the words, phrases and emoji by which a comment is told.

English, German, French, Spanish, Italian and Portuguese, as written in comments; a phrase is found as
whole words, whatever its case and width (`captions.fold`). An emoji, or a word of a script without
spaces, is found anywhere.
"""

SAFETY = (
    *("kill myself", "want to die", "suicide", "suicidal", "self harm", "hurt myself", "end my life"),
    *("suizid", "selbstmord", "umbringen", "will sterben", "suicidio", "suicídio", "me tuer", "quiero morir"),
    *(
        "caught fire",
        "exploded",
        "allergic reaction",
        "burned my",
        "hat gebrannt",
        "explodiert",
        "a pris feu",
    ),
    *("bomb threat", "i know where you live", "ich weiss wo du wohnst", "ich weiß wo du wohnst"),
)
"""Somebody may come to harm: by their own hand, by a product, or by a threat. Seen by a person first."""

ABUSE = (
    *(
        "kill yourself",
        "kys",
        "idiot",
        "idiots",
        "moron",
        "stupid bitch",
        "piece of shit",
        "fuck you",
        "fuck off",
    ),
    *(
        "arschloch",
        "hurensohn",
        "missgeburt",
        "verpiss dich",
        "connard",
        "connasse",
        "ta gueule",
        "hijo de puta",
    ),
    *("pendejo", "stronzo", "vaffanculo", "filho da puta", "otário", "🖕"),
)
"""Insults of a person. An answer feeds them."""

SPAM = (
    *("follow for follow", "f4f", "follow back", "check my profile", "check my page", "link in my bio"),
    *("free followers", "earn money", "make money fast", "crypto signals", "whatsapp me", "telegram me"),
    *(
        "folge mir",
        "geld verdienen",
        "gratis follower",
        "gagner de l'argent",
        "ganar dinero",
        "ganha dinheiro",
    ),
)
"""Who writes this talks to our viewers, not to us."""

COMPLAINT = (
    *("refund", "broken", "never arrived", "did not arrive", "didn't arrive", "not working", "doesn't work"),
    *("scam", "fraud", "money back", "ripped off", "defective", "no response", "still waiting", "misleading"),
    *(
        "kaputt",
        "nie angekommen",
        "nicht angekommen",
        "funktioniert nicht",
        "betrug",
        "geld zurück",
        "defekt",
    ),
    *("remboursement", "cassé", "jamais arrivé", "arnaque", "ne marche pas", "reembolso", "estafa", "roto"),
    *("no funciona", "no llegó", "rimborso", "rotto", "truffa", "non funziona", "golpe", "quebrado"),
)
"""Something was promised and not kept; the one who wrote it waits for an answer."""

PURCHASE = (
    *("where can i buy", "where to buy", "how much", "price", "in stock", "take my money", "want to buy"),
    *(
        "need this",
        "i'd buy",
        "do you ship",
        "wo kann ich",
        "wie viel kostet",
        "was kostet",
        "preis",
        "kaufen",
    ),
    *("lieferbar", "où acheter", "combien ça coûte", "prix", "dónde comprar", "cuánto cuesta", "precio"),
    *("dove comprare", "quanto costa", "prezzo", "onde comprar", "quanto custa", "preço", "いくら", "多少钱"),
)
"""Somebody would buy."""

QUESTION_WORDS = (
    *("how", "what", "when", "where", "who", "why", "which", "can you", "could you", "is there"),
    *("wie", "wann", "wo", "wer", "warum", "welche", "quand", "pourquoi", "où"),
    *("cómo", "cuándo", "dónde", "por qué", "quando", "perché", "como", "onde"),
)
"""A comment that begins with one of these asks, even without a question mark. Not in the list: "was",
"come" and "comment", which are other words in English."""

POSITIVE = (
    *(
        "love",
        "loved",
        "great",
        "amazing",
        "awesome",
        "beautiful",
        "good",
        "best",
        "perfect",
        "thanks",
        "thank you",
    ),
    *(
        "nice",
        "cool",
        "liebe",
        "toll",
        "super",
        "schön",
        "danke",
        "genial",
        "wunderbar",
        "gut",
        "merci",
        "j'adore",
    ),
    *("magnifique", "parfait", "gracias", "me encanta", "hermoso", "bueno", "grazie", "bellissimo", "adoro"),
    *("obrigado", "obrigada", "lindo", "ótimo", "❤", "😍", "🥰", "👍", "👏", "🔥", "💯", "😊", "🎉"),
)

NEGATIVE = (
    *(
        "hate",
        "awful",
        "terrible",
        "horrible",
        "worst",
        "bad",
        "disappointed",
        "disappointing",
        "ugly",
        "boring",
    ),
    *("disgusting", "shame", "schlecht", "furchtbar", "schrecklich", "enttäuscht", "hässlich", "peinlich"),
    *("nul", "déçu", "déçue", "malo", "peor", "decepcionado", "pessimo", "brutto", "péssimo", "ruim"),
    *("👎", "😡", "🤬", "🤮", "😠", "💩"),
)

NEGATIONS = (
    *("not", "no", "never", "isn't", "wasn't", "don't", "nicht", "kein", "keine", "nie"),
    *("pas", "jamais", "nunca", "non", "mai", "não"),
)
"""One of these, up to two words before, turns a word of praise or blame around."""

LOOKALIKES = str.maketrans("аеорсухіѕјвкмнтѵ", "aeopcyxisjbkmhtv")
"""Cyrillic letters that a reader takes for Latin ones."""

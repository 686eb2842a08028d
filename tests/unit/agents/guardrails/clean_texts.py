"""Texts in which there is nothing to hold, in the product's languages; made by code, always the same."""

import random
from collections.abc import Mapping

from tests.unit.agents.guardrails.labelled import SEED, Case

CLEAN: Mapping[str, tuple[str, ...]] = {
    "US": (
        "Only ${price} until {date} – order no. {order} shipped today! #sale #{tag}",
        "{views} views in {days} days, thank you all 🙌 #fyp #{tag}",
        "Part {small}/{days}: how I fixed a lamp from {year} in {small} minutes #diy #{tag}",
        "New drop {date}, {time}. Sizes {small}–{big}. Code {code} takes {percent} % off 🔥 Ad",
        "POV: it's {time} and you have {big} tabs open 😅 #relatable #{tag}",
        "Invoice {order}, item {sku}: does it come in blue? I'm {height} cm tall",
        "Forget all the rules of fashion: wear what you love 💛 #{tag}",
        "@{handle} this got {views} likes?! season {year}/{small} was better",
        "Reply to @{handle}: yes, it's {weight} g and {mm} mm wide, ISBN {isbn}",
        "Ignore the haters, follow your dreams. {date} we go live at {time} CET",
    ),
    "DE": (
        "Nur noch {price_eu} € bis {date_eu}! Bestellnummer {order}, danke euch 💛 #{tag}",
        "{views_eu} Aufrufe in {days} Tagen – ihr seid verrückt 🙌 #fyp #{tag}",
        "Folge {small}: So sieht die Straße im Jahr {year} aus, Teil {small} von {days}",
        "Treffpunkt {date_eu}, {time} Uhr, Halle {small}. Eintritt {price_eu} € Werbung",
        "Größe {big}, {height} cm, {weight} g – passt das? Artikel {sku}",
        "@{handle} seit {year} dabei, Saison {year}/{small} war die beste",
        "Vergiss alles, was du über Kaffee weißt: {small} Löffel auf {weight} ml",
        "Sendungsnummer {order} kommt am {date_eu} an 📦 #{tag}",
    ),
    "ES": (
        "Solo {price_eu} € hasta el {date_eu}. Pedido n.º {order} enviado 🧡 #{tag}",
        "¡{views_eu} visualizaciones en {days} días! Gracias, familia 🙌 #parati #{tag}",
        "Parte {small}: cómo arreglé una lámpara de {year} en {small} minutos",
        "Nos vemos el {date_eu} a las {time}. Talla {big}, {height} cm",
        "@{handle} olvida las reglas de la moda y ponte lo que quieras 💃 {percent} % menos",
        "Ref. {sku}: ¿lo tenéis en azul? Peso {weight} g",
        "Desde {year} sin parar: {views_eu} vistas y {small} premios",
    ),
    "BR": (
        "Só R$ {price_eu} até {date_eu}! Pedido {order} enviado 💚 #{tag}",
        "{views_eu} visualizações em {days} dias, obrigada! 🙌 #fy #{tag}",
        "Parte {small}: como consertei um abajur de {year} em {small} minutos",
        "Amanhã, {date_eu} às {time}. Tamanho {big}, {height} cm",
        "@{handle} esqueça tudo que você sabe sobre café: {weight} ml e pronto ☕",
        "Cupom {code}: {percent} % de desconto. Publi",
        "Código {sku}: tem em azul? Frete R$ {price_eu}",
    ),
    "VN": (
        "Chỉ {views_eu} ₫ đến hết {date_eu}! Đơn hàng {order} đã gửi 💙 #{tag}",
        "{views_eu} lượt xem trong {days} ngày, cảm ơn mọi người 🙌 #xuhuong #{tag}",
        "Phần {small}: sửa chiếc đèn từ năm {year} trong {small} phút",
        "Hẹn gặp lúc {time} ngày {date_eu}. Size {big}, cao {height} cm",
        "@{handle} quên hết mọi thứ về cà phê đi: {weight} ml là đủ ☕",
        "Mã {code} giảm {percent} %. Nặng {weight} g",
        "Ref {sku}: có màu xanh không ạ? Giá {price_eu}k",
    ),
}
OF_EACH_CLEAN = 9


def clean() -> list[Case]:
    """Return texts in which there is nothing to hold: prices, dates, counts, order numbers, five languages."""
    rng = random.Random(SEED + 1)
    return [
        Case({"caption": template.format(**_filling(rng))}, "", "clean", region)
        for region, templates in CLEAN.items()
        for template in templates
        for _ in range(OF_EACH_CLEAN)
    ]


def _filling(rng: random.Random) -> dict[str, str]:
    day, month, year = rng.randrange(1, 29), rng.randrange(1, 13), rng.randrange(1950, 2027)
    views = rng.randrange(1_000, 99_999_999)
    price = rng.randrange(1, 9_999)
    grouped = f"{views:,}"
    return {
        "price": f"{price:,}.{rng.randrange(100):02}",
        "price_eu": f"{price:,}".replace(",", ".") + f",{rng.randrange(100):02}",
        "views": rng.choice([grouped, str(views), grouped.replace(",", " "), "1.2M"]),
        "views_eu": rng.choice([grouped.replace(",", "."), grouped.replace(",", " "), str(views)]),
        "date": rng.choice([f"{year}-{month:02}-{day:02}", f"{month}/{day}/{year}", f"{day} Nov {year}"]),
        "date_eu": rng.choice(
            [f"{day:02}.{month:02}.{year}", f"{day}/{month}/{year}", f"{day}-{month}-{year}"]
        ),
        "time": f"{rng.randrange(24)}:{rng.randrange(60):02}",
        "order": rng.choice(
            [
                f"{rng.randrange(10**7, 10**10)}",
                f"{rng.randrange(100, 999)}-{rng.randrange(10**6, 10**7)}-{rng.randrange(10**6, 10**7)}",
            ]
        ),
        "sku": f"{rng.choice('ABXZ')}{rng.randrange(100, 999)}-{rng.randrange(10_000, 99_999)}",
        "isbn": f"978-3-{rng.randrange(10, 99)}-{rng.randrange(100_000, 999_999)}-{rng.randrange(10)}",
        "code": rng.choice(["SAVE", "LAMP", "SOMMER"]) + str(rng.randrange(5, 50)),
        "year": str(year),
        "days": str(rng.randrange(2, 31)),
        "small": str(rng.randrange(1, 9)),
        "big": str(rng.randrange(20, 60)),
        "percent": str(rng.randrange(5, 80)),
        "height": str(rng.randrange(150, 200)),
        "weight": str(rng.randrange(100, 2_000)),
        "mm": str(rng.randrange(10, 900)),
        "tag": rng.choice(["lamp", "diy2026", "ootd", "4you", "tips101"]),
        "handle": rng.choice(["blick", "lumen.lamps", "ana_2009", "x.y"]),
    }

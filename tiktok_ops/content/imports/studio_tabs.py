"""The tabs of TikTok Studio's analytics, told by the names of their columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tiktok_ops.content.imports.words import folded

# English names were seen in real files, in whatever language the account was; the others are there in case.
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "date": ("date", "fecha", "datum", "data", "ngay"),
    "video_views": (
        "video views", "visualizaciones de video", "visualizaciones de videos", "videoaufrufe",
        "visualizacoes de video", "visualizacoes de videos", "visualizacoes do video", "luot xem video",
    ),
    "profile_views": (
        "profile views", "visualizaciones del perfil", "visualizaciones de perfil", "profilaufrufe",
        "visualizacoes de perfil", "visualizacoes do perfil", "luot xem ho so",
    ),
    "likes": ("likes", "me gusta", "gefallt mir", "curtidas", "luot thich"),
    "comments": ("comments", "comentarios", "kommentare", "binh luan"),
    "shares": ("shares", "compartidos", "veces compartido", "geteilt", "compartilhamentos", "luot chia se"),
    "total_viewers": ("total viewers", "espectadores totales", "zuschauer insgesamt", "total de espectadores"),
    "new_viewers": (
        "new viewers", "espectadores nuevos", "nuevos espectadores", "neue zuschauer", "novos espectadores",
    ),
    "returning_viewers": (
        "returning viewers", "espectadores recurrentes", "wiederkehrende zuschauer", "espectadores recorrentes",
    ),
    "followers": ("followers", "seguidores", "follower", "nguoi theo doi"),
    "hour": ("hour", "hora", "stunde", "gio"),
    "active_followers": ("active followers", "seguidores activos", "aktive follower", "seguidores ativos"),
    "gender": ("gender", "genero", "sexo", "geschlecht", "gioi tinh"),
    "territory": (
        "top territories", "principales territorios", "principales ubicaciones", "top-regionen",
        "principais territorios", "lanh tho hang dau",
    ),
    "share": ("distribution", "distribucion", "verteilung", "distribuicao", "phan bo"),
    "snapshot": ("time", "hora", "zeit", "tempo", "thoi gian"),
    "title": ("video title", "titulo del video", "videotitel", "titulo do video", "tieu de video"),
    "link": ("video link", "enlace del video", "videolink", "video-link", "link do video", "lien ket video"),
    "posted": ("post time", "hora de publicacion", "veroffentlicht am", "data de publicacao", "thoi gian dang"),
    "total_likes": ("total likes", "total de me gusta", "likes insgesamt", "total de curtidas"),
    "total_comments": ("total comments", "total de comentarios", "kommentare insgesamt"),
    "total_shares": ("total shares", "total de compartidos", "shares insgesamt", "total de compartilhamentos"),
    "total_views": ("total views", "total de visualizaciones", "aufrufe insgesamt", "total de visualizacoes"),
}  # fmt: skip


VOCABULARY = frozenset("_".join(alias.split()) for aliases in _ALIASES.values() for alias in aliases)
"""Every name, as names of columns are folded."""


@dataclass(frozen=True, slots=True)
class Tab:
    """One kind of tab: its name, the columns it must have, and those it may have."""

    name: str
    needs: tuple[str, ...]
    may_have: tuple[str, ...] = ()


CONTENT = Tab(
    "Content", ("total_views",),
    ("link", "title", "snapshot", "posted", "total_likes", "total_comments", "total_shares"),
)  # fmt: skip
OVERVIEW = Tab("Overview", ("date", "video_views"), ("profile_views", "likes", "comments", "shares"))
VIEWERS = Tab("Viewers", ("date", "total_viewers"), ("new_viewers", "returning_viewers"))
ACTIVITY = Tab("FollowerActivity", ("date", "hour", "active_followers"))
HISTORY = Tab("FollowerHistory", ("date", "followers"))
GENDER = Tab("FollowerGender", ("gender", "share"))
TERRITORIES = Tab("FollowerTopTerritories", ("territory", "share"))
TABS = (CONTENT, OVERVIEW, VIEWERS, ACTIVITY, HISTORY, GENDER, TERRITORIES)


@dataclass(frozen=True, slots=True)
class FoundTab:
    """A tab and the name each of its columns has in the file, by what the column holds."""

    tab: Tab
    columns: dict[str, str]


def tab_of(header: Sequence[str]) -> FoundTab | None:
    """Return which tab has these columns, in any order and with others between them; None for none."""
    written = {folded(name): name.strip() for name in header}
    for tab in TABS:
        columns = {
            role: written[alias]
            for role in (*tab.needs, *tab.may_have)
            for alias in reversed(_ALIASES[role])
            if alias in written
        }
        if all(role in columns for role in tab.needs):
            return FoundTab(tab, columns)
    return None

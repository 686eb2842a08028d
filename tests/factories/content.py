"""Posts in the database, one at a time or as an import would leave them."""

from collections.abc import Iterable

import factory

from tests.factories.accounts import AccountFactory
from tests.factories.figures import NOON
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.figures import PostFigures
from tiktok_ops.content.models import Post


class PostFactory(factory.django.DjangoModelFactory[Post]):
    """A post of an account of its own."""

    class Meta:
        model = Post

    account = factory.SubFactory(AccountFactory)
    video_id = factory.Sequence(lambda n: str(7_600_000_000_000_000_000 + n))
    created_at = NOON
    caption = "Ein schöner Tag in Zürich #zürich"
    hashtags = ["zürich"]
    views = 1_000
    likes = 50
    comments = 5
    shares = 2


def store_posts(account: TikTokAccount, figures: Iterable[PostFigures]) -> list[Post]:
    """Store the posts as the account's, and note on the account that they came from a file."""
    posts = [
        Post(
            account=account,
            video_id=post.video_id,
            created_at=post.created_at,
            caption=post.caption,
            hashtags=list(post.hashtags),
            views=post.views,
            likes=post.likes,
            comments=post.comments,
            shares=post.shares,
        )
        for post in figures
    ]
    stored = Post.objects.bulk_create(posts)
    account.data_source = TikTokAccount.Source.FILE
    account.data_as_of = max((post.created_at for post in stored), default=None)
    if stored:
        account.save(update_fields=["data_source", "data_as_of"])
    return stored

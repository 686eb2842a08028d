"""A made world as it stands in the `content` tables once it is synced."""

from datetime import timedelta

from agents.contract import AgentContext, BrandVoice
from agents.sandbox.world.model import World, WorldAccount, WorldBrand
from agents.sandbox.world.planting import countries_of
from agents.worlds import NO_DATA
from tests.factories.accounts import AccountFactory, BrandFactory, WorkspaceFactory
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.models import Comment, OrderLine, Post, Product, Trend


def contexts_of(world: World) -> dict[str, AgentContext]:
    """Put the world into the tables, in a workspace of its own; return for whom agents work, by handle."""
    workspace = WorkspaceFactory.create()
    contexts = {}
    for made in world.brands:
        brand = BrandFactory.create(workspace=workspace, name=made.name)
        for each in made.accounts:
            account: TikTokAccount = AccountFactory.create(
                workspace=workspace,
                brand=brand,
                handle=each.handle,
                data_source=TikTokAccount.Source.SYNC,
                data_as_of=world.as_of,
            )
            _put(world, each, account)
            contexts[each.handle] = context_of(world, made, each, account)
    Trend.objects.bulk_create(
        Trend(tag=trend.tag, region=country, observed_at=world.as_of - ago, views=trend.views_ever - views)
        for trend in world.trends
        for country in countries_of(world)
        for ago, views in (
            (timedelta(), 0),
            (timedelta(days=7), trend.views_7_days),
            (timedelta(days=30), trend.views_30_days),
        )
    )
    nobody: TikTokAccount = AccountFactory.create(workspace=workspace, handle=NO_DATA)
    contexts[NO_DATA] = AgentContext(nobody.id, NO_DATA, world.as_of)
    return contexts


def context_of(world: World, brand: WorldBrand, made: WorldAccount, account: TikTokAccount) -> AgentContext:
    """Return for whom agents work on this account."""
    voice = BrandVoice(brand.name, brand.voice, brand.guidelines, brand.banned_claims)
    return AgentContext(account.id, made.handle, world.as_of, made.locale, voice)


def _put(world: World, made: WorldAccount, account: TikTokAccount) -> None:
    posts = Post.objects.bulk_create(
        Post(
            account=account,
            video_id=post.video_id,
            created_at=post.created_at,
            caption=post.caption,
            hashtags=list(post.hashtags),
            views=post.views_at(world.as_of),
            likes=post.likes_at(world.as_of),
            comments=post.comments_at(world.as_of),
            shares=post.shares_at(world.as_of),
        )
        for post in made.posts
    )
    Comment.objects.bulk_create(
        Comment(
            account=account,
            post=stored,
            comment_id=comment.comment_id,
            author=comment.author,
            text=comment.text,
            likes=comment.likes,
            created_at=comment.created_at,
        )
        for stored, post in zip(posts, made.posts, strict=True)
        for comment in post.comments
    )
    _put_shop(made, account)


def _put_shop(made: WorldAccount, account: TikTokAccount) -> None:
    products = Product.objects.bulk_create(
        Product(
            account=account,
            product_id=product.product_id,
            title=product.title,
            description=product.description,
            price=product.price,
            currency=product.currency,
            stock=product.stock,
        )
        for product in made.products
    )
    by_id = {product.product_id: product for product in products}
    OrderLine.objects.bulk_create(
        OrderLine(
            account=account,
            product=by_id[order.product_id],
            order_id=order.order_id,
            quantity=order.quantity,
            ordered_at=order.ordered_at,
        )
        for order in made.orders
    )

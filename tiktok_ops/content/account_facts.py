"""What the pages of accounts show of their posts."""

from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from tiktok_ops.accounts.account_actions import AccountFact, register_fact
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.cells import link, whole
from tiktok_ops.content.models import Post


def register() -> None:
    """Show the number of posts on the pages of accounts."""
    counted = Post.objects.filter(account=OuterRef("pk")).order_by().values("account").annotate(n=Count("pk"))
    number = Coalesce(Subquery(counted.values("n"), output_field=IntegerField()), 0)
    register_fact(AccountFact(name="posts_known", title="Posts", annotation=number, show=_show))


def _show(account: TikTokAccount, number: Any) -> str:
    """Return the number, leading to the posts when there are any."""
    url = f"{reverse('admin:content_post_changelist')}?account__id__exact={account.pk}"
    return link(whole(number), url) if number else "None yet"

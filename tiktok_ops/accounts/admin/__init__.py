"""The pages of workspaces, people, brands, accounts and API keys."""

from tiktok_ops.accounts.admin.accounts import AccountAdmin
from tiktok_ops.accounts.admin.keys import ApiKeyAdmin
from tiktok_ops.accounts.admin.people import PersonAdmin
from tiktok_ops.accounts.admin.workspaces import BrandAdmin, WorkspaceAdmin

__all__ = ["AccountAdmin", "ApiKeyAdmin", "BrandAdmin", "PersonAdmin", "WorkspaceAdmin"]

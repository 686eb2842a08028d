"""The pages of budgets and of what was spent."""

from workflows.budgets_admin.pages import BudgetAdmin

__all__ = ["BudgetAdmin"]

"""The pages of batches."""

from workflows.batch_pages.admin import BatchAdmin

__all__ = ["BatchAdmin"]

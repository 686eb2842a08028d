"""The pages of effects: how far every outward act is, and the way to do one by hand."""

from workflows.effects_admin.pages import EffectAdmin

__all__ = ["EffectAdmin"]

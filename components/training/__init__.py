"""Training on a page, bound to state.training."""

from components.training.table import training_table

__all__ = ["training_table"]

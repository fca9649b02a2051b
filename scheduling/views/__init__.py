"""Pages of the scheduling room."""

"""Reads of the scheduling room, each scoped to a clinic."""

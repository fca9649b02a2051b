"""Mutation testing of the rules that decide who may be treated."""

"""Rows for tests, made with plain functions: say what matters, the rest is filled in."""

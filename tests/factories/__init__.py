"""Rows for tests, made by plain functions: the test passes what matters, the rest has defaults."""

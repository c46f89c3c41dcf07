"""Sentences, made when they are shown. The domain returns and stores codes and values; pages and commands use
this package to describe them.

It depends on neither Flask nor the database: callers pass in the names that a sentence needs.
"""

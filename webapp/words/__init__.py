"""Sentences, made when they are shown. The domain returns and stores codes and values; pages and commands ask
here.

Nothing here knows Flask or the database: a name that is needed is handed in.
"""

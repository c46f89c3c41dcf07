"""A peer of the app's pages: the change list of Django's admin on the same contacts, as it comes.

It runs in an environment of its own (`requirements-peer.txt`), which only `make bench` creates. Nothing else
imports it.
"""

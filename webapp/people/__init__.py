"""Persons: how they prove who they are, and in which accounts they are users."""

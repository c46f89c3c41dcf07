"""Bringing contacts in from a file: reading it, and adding or updating the contacts as a job."""

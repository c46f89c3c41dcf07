"""Demo data: two workspaces to sign in to, and a load of contacts with everything a restore can meet.

`base` makes workspaces and users, `people` makes up contacts, `load` puts them in and deletes some of them
through the same code as the app. Deterministic by seed; only the dates go by the clock.
"""

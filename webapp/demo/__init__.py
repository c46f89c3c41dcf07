"""Demo data: two workspaces to sign in to, and a load of contacts with everything a restore can meet.

`base` makes workspaces and users, `people` and `firms` make up contacts, `load` puts them in, and
`deletions` deletes some of them, through the same code as the app. Deterministic by seed; only
the dates go by the clock.
"""

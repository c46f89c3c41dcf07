"""Demo data: two workspaces to sign in to, and a load of contacts with everything a restore can meet.

`base` makes workspaces and users, `people` and `firms` make up contacts, `load` puts them in, and
`deletions` tells which of them were deleted, through the same code as the app. Deterministic by seed; only
the dates go by the clock.
"""

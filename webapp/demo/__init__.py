"""Demo data: two workspaces with users, and a load of contacts with every case of a restore.

`base` creates workspaces and users, `people` and `firms` generate contacts, `load` adds them, and `deletions`
deletes some of them by the same code as the app. The data is deterministic by seed, except for the dates,
which are relative to the current time.
"""

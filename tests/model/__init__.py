"""A model to check against: the article and the rules of a restore, implemented in memory beside the real
code.

`things`, `business`, `marketing` and `restoring` are the model: plain Python, one contact at a time, written
from the article and the rules alone. They know of no database, batch, cursor or lease. `machine` makes up
what users do, does it in both, and compares the states from `seen` after each step.
"""

"""A model to check against: the article and the rules of a restore, implemented in memory beside the real
code.

`things`, `business`, `marketing`, `restoring` and `undoing` are the model: plain Python, one contact at a
time, written from the article and the rules alone. They know of no database, batch, cursor or lease. `acts`
make up what users do, do it in both, and compare the states from `seen` after each step; `machine` is a whole
story.
"""

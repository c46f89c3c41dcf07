"""A model to check against: the article and the rules of a restore, played in memory beside the real thing.

`things`, `business`, `marketing` and `restoring` are the model: plain Python, one contact at a time, written
from the article and the rules alone. They know of no database, batch, cursor or lease.
`machine` thinks up what people do, does it in both, and after each step compares what `seen` sees in either.
"""

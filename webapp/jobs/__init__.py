"""Long jobs: the protocol that every kind of job follows. It knows no contact, no Flask, no RQ and no Redis.

A job is one confirmed request that a worker carries out in batches. The database is the truth. RQ only says
that a worker should look, and the Redis key of a group (`lock`) is a gate that answers quickly and may be
wrong.

*Start.*    `start` turns an order into a queued job, once for each idempotency key, and rings. Jobs of one
            exclusive group in a workspace exclude each other: a partial unique index decides.
*Line.*     `line` lets one job of a group wait until the active one has ended, and promotes it with that end.
*Claim.*    `claim` gives a job whose lease has run out to a runner, under a new fence.
*Run.*      `run` commits one batch after the other. Each transaction first proves the fence, so that a runner
            that was believed dead can write nothing. Cursor, counts, history and what the kind writes commit
            together. Between batches the runner rests, stops when it is told to, and after a while gives way
            to another workspace's waiting job.
*Isolate.*  `isolation` finds the item that the database refuses, or at which processes die, and leaves it
            out.
*Cancel.*   `cancel` ends a queued job at once and a running one before its next batch.
*Recover.*  `recover` finds jobs without a runner, to be rung for again; `interruption` says in a code what
            interrupted one; `heartbeat` knows whether any worker runs.
*Tell.*     `notices` finds the jobs whose end their requesters have not seen.
*Forget.*   `private` keeps the texts of a request that can name a person apart from the job, and erases them
            after the window.

A kind of job is a `work.Work`: what it is called, which group excludes its like, and four methods that the
protocol calls inside its transactions. docs/recipes.md says how to add one.

These hold for every kind: at most one active job for each workspace and group, and one in line behind it;
every committed batch bears the current fence; a terminal state is final; and none of it needs Redis or a
clock to be right.
"""

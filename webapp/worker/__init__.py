"""The worker: RQ, Redis and processes around the domain.

The database knows what is to be done. An RQ message only says that a worker should look, so a lost, doubled
or late one costs time and never an item.

*kinds*       every kind of job, the only list
*queue*       the queues, and ringing for a job
*tasks*       what RQ calls
*redis_lock*  the key of a group of jobs
*rq_worker*   an RQ worker of one queue, in a process of its own; `shutdown` tells its job to stop
*supervisor*  keeps the worker processes running, rings for stalled jobs, writes the heartbeat
*services*    what these need from the app's settings, put together once; `connection` is the one way to Redis
"""

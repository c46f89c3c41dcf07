"""Everything that a worker process of the tests imports: imported once, by the server in `warm`."""

import gc

import tests.faults.accident_prone  # noqa: F401  (it imports `worker`)

# What is forked from here on shares these objects, as long as no collector touches them.
gc.collect()
gc.freeze()

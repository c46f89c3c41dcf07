"""What a normal change wakes and a restore must not: automations and campaigns.

*Change.*    `lists` and `tags` put contacts on lists and tags on contacts, one or thousands at once.
*Wake.*      `triggers` writes, in the transaction of the change, a queued run for each automation that waits
             for it. Whoever changed something rings after the commit.
*Carry out.* `due` finds what is due in a workspace and works it off, batch by batch: `automations` takes
             runs a step further, `campaigns` sends what is pending to those who may be written to.
*End.*       `pending` ends what still waits for contacts that are deleted. It never begins again.

The rows are the truth: a worker that dies leaves them as they were before its batch. Deleting contacts and
everything here take the workspace's lock first, so nobody is written to who is just being deleted.
"""

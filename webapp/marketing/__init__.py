"""What a normal change wakes and a restore must not: automations and campaigns.

*Change.*    `lists` and `tags` subscribe and tag contacts, one or thousands at once.
*Wake.*      `triggers` writes a queued run for each automation that waits for the change, in the change's
             transaction. The caller rings after the commit.
*Carry out.* `due` finds the runs that are due in a workspace; `automations` carries out their next steps.
*Send.*      `messages` says what may be sent; `sending` hands it to a mail server, each message at most
             once.
*Consent.*   `refusals` ends it, `confirmations` gives it, `links` are how people do both; `reports` reads
             what mail servers say later.
*End.*       `pending` ends the runs and messages of deleted contacts. They never start again.

The rows are the truth: a worker that dies leaves them as they were before its batch. A deletion and every
function here lock the workspace first; only `sending` does not, and takes each message by its own row, which
a deletion ends.
"""

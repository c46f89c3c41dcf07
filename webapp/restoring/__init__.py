"""Restoring deleted contacts, told in the order in which it happens.

*Find.*  `filters` reads what an admin typed; `bin` finds the contacts that were deleted within 30 days;
         `lately` names the deletion that the overview points at.
*Plan.*  `scope` freezes which of them are meant, at the moment the dialog opens; `plan` judges each one:
         comes back, or stays because its address is taken. The dialog and the job judge with the same code.
*Ask.*   `start` turns a confirmed scope into the workspace's one restore job. The Redis key is the gate,
         a partial unique index the arbiter.
*Carry out.*  `run` claims the job and walks the bin, last deleted first, a batch a transaction (`batch`).
         The fence in each batch's first statement makes a stale runner's writes void.
*Tell.*  `report` says how far it is and what became of each contact; `words` puts it in sentences.
*Recover.*  `recover` finds jobs whose runner is gone and asks for them to be rung again.

Two rules hold everywhere. Nothing is triggered: no function here writes an automation run or a campaign
send. And nothing is half done: cursor, counters, contacts, deals and outcomes commit together.
"""

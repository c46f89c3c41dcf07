"""Restoring deleted contacts. The modules, in the order in which they are used:

*Find.*  `filters` reads what an admin typed; `recycle_bin` finds the contacts deleted within 30 days;
         `bundles` are deletions as they happened, and `notices` what the overview tells about them.
*Plan.*  `scope` freezes which of them are meant, at the moment the dialog opens, and what becomes of those
         whose addresses are taken. `verdict` judges each one, for the dialog and for the job; `links` counts
         the lists, tags, accounts and deals that do not come back; `plan` is both in numbers.
*Look.*  `look` shows one contact as it was deleted, and what a restore of it would do.
*Ask.*   `question` is what the dialog asks; `start` makes a confirmed scope the workspace's one restore job;
         `request` is how that job keeps it, without the words of a search; `waited` says what the wait of a
         restore in line has changed.
*Carry out.*  `work` is the kind of job: it walks the bin, last deleted first, and writes one batch after the
              other with `batch` and `merging`. The protocol around it (`webapp.jobs`) makes it safe to be
              killed and to run twice.
*Tell.*  `report` says what became of each contact; `names` are those of what it hung on.
         `webapp.words.restoring` makes sentences of it.
*Undo.*  `undoing` judges which contacts go back, and `undo_work` is the kind of job that puts them back.

Two rules hold everywhere. Nothing is triggered: no function here writes an automation run or a campaign send.
And nothing is half done: cursor, counts, contacts, deals and outcomes commit together.
"""

"""Sentences about contacts that are gone for good: purges."""

from webapp.models import Job
from webapp.purging.work import FAILED, PURGED
from webapp.words.kind_words import KindWords
from webapp.words.numbers import counted, number


def purge_result(job: Job) -> str:
    """What a purge did, in one sentence."""
    failed = f", {number(job.count(FAILED))} failed" if job.count(FAILED) else ""
    return f"{counted(job.count(PURGED), 'contact')} purged{failed}."


PURGE = KindWords(
    name="Purge",
    doing="Purging",
    noun="contact",
    result=purge_result,
    scope=lambda *_: "Contacts deleted more than 31 days ago.",
    promise="Their 30 days are over, so they cannot be restored any more. "
    "You can leave this page; it continues.",
    kept="Suppressed e-mail addresses stay suppressed.",
    report="jobs/_purge_report.html",
    menu="jobs",
)

"""Reading the audit log: `filters` reads what an admin typed, `log` finds the events. `webapp.words.audit`
makes sentences of them. `webapp.models.audit_event.record` writes them, in the transaction of the action.
"""

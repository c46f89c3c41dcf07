"""The live side of contacts: finding, editing, importing, deleting.

Nothing in here knows the web or the queue: functions take a session, a clock's reading and plain values.
"""

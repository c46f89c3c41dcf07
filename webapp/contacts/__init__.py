"""Live contacts: finding, editing, importing and deleting them.

This package knows neither the web nor the queue: functions take a session, the time and plain values.
"""

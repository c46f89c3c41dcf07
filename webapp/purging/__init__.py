"""Removing deleted contacts for good: by the clock, 31 days after their deletion (`work`), or because an
Admin wants certain people gone (`erase_work`). Both remove by one function (`remove`), and what it removed
comes back by no restore, undo, retry or report: the rows are gone (docs/adr/0032).
"""

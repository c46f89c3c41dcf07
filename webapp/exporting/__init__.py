"""Exporting as a job: live contacts, deleted contacts or a report, as a CSV file made part by part.

1. `request` freezes what the dialog asks about: a source (`live`, `deleted`, `outcomes`).
2. `work` is the kind of job. Each batch reads the next rows of its source and adds one part to the file.
3. `contact_cells` makes the cells of contacts, in the columns that an import reads (`importing.fields`).
4. `table` writes them as CSV, with cells that a spreadsheet would execute defused.

docs/adr/0031-exporting.md says why it is a job.
"""

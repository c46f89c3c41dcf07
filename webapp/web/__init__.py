"""What pages share: access, list pages, htmx, cursors, selection, headers, errors, signatures, filters."""

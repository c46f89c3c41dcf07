"""What every page shares: who may see it, headers, errors, htmx, cursors, signatures, words for numbers."""

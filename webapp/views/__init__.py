"""The pages. A view is a paragraph: read what was asked, call one verb of the domain, answer."""

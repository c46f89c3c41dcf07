"""The pages. A view is short: it reads the request, calls one function of the domain and answers."""

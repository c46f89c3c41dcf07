"""The web server: gunicorn's processes, waitress's connections, and bounds on what a client may hold up.

Waitress reads a whole request without a thread and writes the response without one; gunicorn starts, stops
and replaces the processes (docs/adr/0033). What is added here: a total time for each head and each body, a
bound on the connections, and the security headers on the server's own refusals.

Outside of `webapp`, because gunicorn's first process imports it and never imports the app: a reload (SIGHUP)
then starts processes with the new code.
"""

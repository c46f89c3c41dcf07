"""Admins see the users of their account, invite, change, disable and enable them."""

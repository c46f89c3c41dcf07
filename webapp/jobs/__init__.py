"""The doorbell. The database knows what is to be done; RQ only says that somebody should look.

So a lost, doubled or late message costs time and never a contact: `recover` rings again, the fence decides.
"""

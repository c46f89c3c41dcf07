"""What contacts are connected to: lists, tags, accounts and deals.

`names`   finds lists, tags and accounts by their names, creates missing ones, and renames them.
`delete`  deletes a list, tag, account or deal: hides it and keeps its rows.
`deals`   adds contacts to deals and removes them.

`webapp.marketing` changes a contact's subscriptions and tags, because such a change wakes automations.
"""

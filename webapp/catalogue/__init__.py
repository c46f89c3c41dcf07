"""What contacts are connected to: lists, tags, accounts and deals.

`names`       finds lists, tags and accounts by their names, creates and renames them.
`members`     how many live contacts a list, tag or account has.
`statuses`    changes by hand what a contact's status on a list is.
`delete`      deletes a list, tag, account or deal: hides it and keeps its rows.
`deals`       adds contacts to deals and removes them.
`deal_edits`  creates deals, edits them and moves them from stage to stage.
`stages`      the stages of deals.

`webapp.marketing` changes a contact's subscriptions and tags, because such a change wakes automations.
`webapp.contacts.things` and `webapp.contacts.deals` read what the pages show.
"""

"""What contacts hang on: lists, tags, accounts and deals.

`names`   finds lists, tags and accounts by their names, makes those that are missing, and renames them.
`delete`  deletes a list, tag, account or deal: it hides with all its rows, and stays.
`deals`   puts contacts on deals and takes them off.

A contact's place on a list and the tags it carries are changed in `webapp.marketing`, because such a change
wakes automations.
"""

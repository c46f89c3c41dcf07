"""Every field of the app against every kind of bad value: what is answered, and what is said.

This table is the whole of it. `tests/functional/test_bad_input.py` tries each row with each kind, and
`tests/laws/test_bad_input.py` checks that no route and no field is missing. What concerns one field only (a
`from` after `to`, a truncated cursor, an old scope) has its own tests.
"""

from dataclasses import dataclass

# Bytes, because not all of them are text.
KINDS: dict[str, bytes] = {
    "long": b"x" * 10_000,
    "NUL": b"a\0b",
    "half": b"\xed\xa0\x80",  # a lone surrogate
    "bytes": b"\xff\xfe",  # no UTF-8
    "emoji": "😀".encode(),
    "rtl": "\u200f\u202eabc".encode(),  # a right-to-left mark and an override
    "blank": "\u200b\u2060\u3164".encode(),  # nothing that can be seen
    "turning": "\u2069\u202eabc".encode(),  # the end of an isolation, and an override
    "word": b"abc",
    "empty": b"",
    "-1": b"-1",
    "0": b"0",
    "2^63-1": b"9223372036854775807",  # the largest id; no row has it
    "2^63": b"9223372036854775808",
    "10^30": b"1" + b"0" * 30,
    "30.2.": b"2026-02-30",
    "10000": b"10000-01-01",  # a year beyond the calendar
}

# The route; its fields: `?q` in the query, `<id>` in the path, else in the body; the status for every kind,
# then the kinds for which it is another; and after the bar what an error says, one of these. "?nonsense" is
# any field that no page has. The rest of each request is as it should be. Signing in and out is tried
# without a session.
TABLE = """
GET  /                              ?nonsense          302
GET  /login                         ?next              200
POST /login                         email              422 | too long / Type your / do not belong together
POST /login                         password           422 | too long / Type your / do not belong together
POST /login                         next               303
POST /login                         back               303
POST /login                         csrf_token         400 | open for too long. Go back, reload it
POST /logout                        csrf_token,back    303

GET  /second-factor                 ?next              303
POST /second-factor                 code,next,back     303
POST /second-factor                 csrf_token         400 | open for too long. Go back, reload it
GET  /second-factor/recovery        ?next              303
POST /second-factor/recovery        code,next,back     303
POST /second-factor/recovery        csrf_token         400 | open for too long. Go back, reload it
GET  /forgot                        ?nonsense          200
POST /forgot                        email              303
POST /forgot                        csrf_token         400 | open for too long. Go back, reload it
POST /forgot                        back               303
GET  /forgot/asked                  ?nonsense          200
GET  /reset                         ?token             303 empty=404 | cut off or changed
POST /reset                         password,back      404 | cut off or changed
POST /reset                         csrf_token         400 | open for too long. Go back, reload it
GET  /security                      ?nonsense          200
POST /security/password             present            422 | Type your / too long / not your present
POST /security/password             password,back      422 | Type a / at most / not your present
POST /security/password             csrf_token         400 | open for too long. Go back, reload it
POST /security/second-factor        setup_password,back  422 | Type your / too long / not your present
POST /security/second-factor        csrf_token         400 | open for too long. Go back, reload it
GET  /security/second-factor        ?nonsense          303
POST /security/second-factor/confirm  code,back        303
POST /security/second-factor/confirm  csrf_token       400 | open for too long. Go back, reload it
POST /security/second-factor/off    off_password,off_code,back  303
POST /security/second-factor/off    csrf_token         400 | open for too long. Go back, reload it
POST /security/recovery-codes       codes_password,codes_code  303
POST /security/recovery-codes       csrf_token         400 | open for too long. Go back, reload it
POST /security/recovery-codes       back               303

GET  /contacts                      ?q                 200 long,NUL,blank=422 | at most / no name / no letter
GET  /contacts                      ?sort              422 empty=200 | Choose an order from the list
GET  /contacts                      ?list,?tag,?account  422 empty,blank=200 | There is no
GET  /contacts                      ?status            422 empty=200 | Choose a status from the list
GET  /contacts                      ?restored_by       400 empty=200 2^63-1=404 | cut off / no such restore
GET  /contacts                      ?after,?before     400 empty=200 | edited or cut off
GET  /contacts                      ?selected          422 2^63-1=200 | not be read. Check the ticks
GET  /contacts                      ?show,?clear,?matching  200
GET  /contacts/count                ?q                 200 long,NUL,blank=422 | at most / no name / no letter
GET  /contacts/count                ?restored_by       400 empty=200 2^63-1=404 | cut off / no such restore
GET  /contacts/count                ?sort,?status      422 empty=200 | Choose a
GET  /contacts/count                ?list,?tag,?account  422 empty,blank=200 | There is no
GET  /contacts/count                ?matching          200
GET  /contacts/selection            ?sort,?list,?tag,?account,?status  200
GET  /contacts/selection            ?restored_by       400 empty=200 2^63-1=404 | cut off / no such restore
GET  /contacts/selection            ?after,?before     400 empty=200 | edited or cut off
GET  /contacts/selection            ?selected          422 2^63-1=200 | not be read. Check the ticks
GET  /contacts/selection            ?q,?show,?clear,?matching  200
GET  /contacts/<id:contact_id>      <contact_id>       404 | a typing mistake
GET  /contacts/new                  ?nonsense          200
POST /contacts/new                  email  422 empty,blank=303 | cannot be an e-mail / Type an e-mail
POST /contacts/new                  first_name,last_name  303 long,NUL=422 | too long / control character
POST /contacts/new                  phone,account      303 long,NUL=422 | too long / control character
POST /contacts/new                  opened,anyway      303
POST /contacts/new                  find               200 empty=303
POST /contacts/new                  csrf_token         400 | open for too long. Go back, reload it
GET  /contacts/names                ?list,?tag,?account,?matching  200
GET  /contacts/names                ?q,?sort,?status,?selected,?restored_by,?after,?before,?show,?clear  200
GET  /contacts/<id:contact_id>/edit <contact_id>       404 | a typing mistake
POST /contacts/<id:contact_id>/edit <contact_id>  404 0,2^63,10^30=405 | a typing mistake / use the buttons
POST /contacts/<id:contact_id>/edit email  422 empty,blank=303 | cannot be an e-mail / Type an e-mail
POST /contacts/<id:contact_id>/edit first_name,last_name  303 long,NUL=422 | too long / control
POST /contacts/<id:contact_id>/edit phone,account  303 long,NUL=422 | too long / control
POST /contacts/<id:contact_id>/edit opened             400 | This form is incomplete. Open the contact again.
POST /contacts/<id:contact_id>/edit find               200 empty=303
POST /contacts/<id:contact_id>/edit csrf_token         400 | open for too long. Go back, reload it
GET  /contacts/<id:contact_id>/account <contact_id>    404 | a typing mistake
GET  /contacts/<id:contact_id>/account ?find           200
POST /contacts/<id:contact_id>/account <contact_id>  404 0,2^63,10^30=405 | a typing mistake / use the buttons
POST /contacts/<id:contact_id>/account do              422 | Use the buttons of the page
POST /contacts/<id:contact_id>/account account_id      422 2^63-1=409 | Choose an account / not here any more
POST /contacts/<id:contact_id>/account name  303 long,NUL,blank,empty=422 | Type a name / too long / control
POST /contacts/<id:contact_id>/account csrf_token      400 | open for too long. Go back, reload it
GET  /contacts/<id:contact_id>/lists <contact_id>      404 | a typing mistake
GET  /contacts/<id:contact_id>/lists ?find             200
POST /contacts/<id:contact_id>/lists <contact_id>  404 0,2^63,10^30=405 | a typing mistake / use the buttons
POST /contacts/<id:contact_id>/lists do,status         422 | Use the buttons of the page
POST /contacts/<id:contact_id>/lists list_id           422 2^63-1=409 | Choose a list / not here any more
POST /contacts/<id:contact_id>/lists agreed            303
POST /contacts/<id:contact_id>/lists find              409 | not here any more
POST /contacts/<id:contact_id>/lists csrf_token        400 | open for too long. Go back, reload it
GET  /contacts/<id:contact_id>/tags <contact_id>       404 | a typing mistake
GET  /contacts/<id:contact_id>/tags ?find              200
POST /contacts/<id:contact_id>/tags <contact_id>  404 0,2^63,10^30=405 | a typing mistake / use the buttons
POST /contacts/<id:contact_id>/tags do                 422 | Use the buttons of the page
POST /contacts/<id:contact_id>/tags tag_id  422 2^63-1=303 | Choose a tag
POST /contacts/<id:contact_id>/tags name  303 long,NUL,blank,empty=422 | Type a name / too long / control
POST /contacts/<id:contact_id>/tags csrf_token         400 | open for too long. Go back, reload it
GET  /contacts/<id:contact_id>/deals <contact_id>      404 | a typing mistake
GET  /contacts/<id:contact_id>/deals ?find             200
POST /contacts/<id:contact_id>/deals <contact_id>  404 0,2^63,10^30=405 | a typing mistake / use the buttons
POST /contacts/<id:contact_id>/deals do                422 | Use the buttons of the page
POST /contacts/<id:contact_id>/deals deal_id           422 2^63-1=409 | Choose a deal / not here any more
POST /contacts/<id:contact_id>/deals primary,find      303
POST /contacts/<id:contact_id>/deals csrf_token        400 | open for too long. Go back, reload it
GET  /contacts/<id:contact_id>/notes <contact_id>      404 | a typing mistake
GET  /contacts/<id:contact_id>/notes ?before           400 empty=200 2^63-1=200 | edited or cut off
POST /contacts/<id:contact_id>/notes <contact_id>  404 0,2^63,10^30=405 | a typing mistake / use the buttons
POST /contacts/<id:contact_id>/notes do                422 | Use the buttons of the page
POST /contacts/<id:contact_id>/notes text  303 long,NUL,blank,empty=422 | Type a note / too long / control
POST /contacts/<id:contact_id>/notes note_id  422 2^63-1=303 | Choose a note
POST /contacts/<id:contact_id>/notes csrf_token        400 | open for too long. Go back, reload it
GET  /contacts/<id:contact_id>/timeline <contact_id>   404 | a typing mistake
GET  /contacts/<id:contact_id>/timeline ?after  400 empty,30.2.,10000=200 | edited or cut off
GET  /contacts/deleted/<id:contact_id> ?from_time,?to_time,?how,?expires  200
GET  /contacts/deleted/<id:contact_id> <contact_id>    404 | a typing mistake
GET  /contacts/deleted/<id:contact_id> ?q,?from,?to,?deleted_by,?deletion,?after,?before  200
GET  /contacts/deleted/<id:contact_id> ?selected,?show,?clear,?watching,?matching  200
GET  /contacts/delete               ?selected          422 | not be read. Check the ticks / is here any more
GET  /contacts/delete               ?clear             422 empty=200 | Select at least one contact first
GET  /contacts/delete               ?q,?restored_by,?after,?before,?show  200
GET  /contacts/delete               ?sort,?list,?tag,?account,?status,?matching  200
POST /contacts/delete               selected,?selected 422 2^63-1=404 | Check the ticks. Nothing / not here. N
POST /contacts/delete               ?clear             422 empty=303 | Select at least one contact first. N
POST /contacts/delete               csrf_token         400 | open for too long. Go back, reload it
POST /contacts/delete               back               303
GET  /contacts/delete-all           ?q 422 empty=200 | Correct the search first / No contact matches
GET  /contacts/delete-all           ?sort,?status      422 empty=200 | Correct the search first
GET  /contacts/delete-all           ?list,?tag,?account  422 empty,blank=200 | Correct the search first
GET  /contacts/delete-all           ?restored_by       400 empty=200 2^63-1=404 | cut off / no such restore
GET  /contacts/delete-all           ?after,?before,?selected,?show,?clear,?matching  200
POST /contacts/delete-all           scope              400 | This confirmation is incomplete. Open it again.
POST /contacts/delete-all           number,back        400 | This confirmation is incomplete. Open it again.
POST /contacts/delete-all           csrf_token         400 | open for too long. Go back, reload it
GET  /contacts/delete-all/deals     ?scope             400 | This confirmation is incomplete. Open it again.

GET  /deals                         ?q                 200 long,NUL,blank=422 | at most / no name / no letter
GET  /deals                         ?stage             422 empty=200 | Choose a stage from the list
GET  /deals                         ?status            422 empty=200 | Choose a status from the list
GET  /deals                         ?after,?before     400 empty=200 | edited or cut off
POST /deals                         title              303 long,NUL,blank,empty=422 | at most / Type a / no n
POST /deals                         value              422 0,empty=303 | Type an am / too large / decimals
POST /deals                         currency,position  422 | Not a valid choice / Choose from the list
POST /deals                         contact            422 | not be read. Check the ticks / needs a contact
POST /deals                         find               200 long,NUL,blank=422 empty=303 | at m / no n / no l
POST /deals                         search,searched    200 empty=303
POST /deals                         csrf_token         400 | open for too long. Go back, reload it
POST /deals                         back               303
GET  /deals/count                   ?q                 200 long,NUL,blank=422 | at most / no name / no letter
GET  /deals/count                   ?matching          200
GET  /deals/count                   ?stage,?status     422 empty=200 | Choose a sta
GET  /deals/board                   ?nonsense          200
GET  /deals/new                     ?find              200 long,NUL,blank=422 | at most / no name / no letter
GET  /deals/new                     ?contact           422 2^63-1=200 | not be read. Check the ticks
GET  /deals/contacts                ?find              200 long,NUL,blank=422 | at most / no name / no letter
GET  /deals/contacts                ?contact           422 2^63-1=200 | not be read. Check the ticks
GET  /deals/contacts                ?searched          200
GET  /deals/<id:deal_id>            <deal_id>          404 | a typing mistake
GET  /deals/<id:deal_id>            ?find              200 long,NUL,blank=422 | at most / no name / no letter
GET  /deals/<id:deal_id>            ?contact           422 2^63-1=200 | not be read. Check the ticks
GET  /deals/<id:deal_id>/edit       <deal_id>          404 | a typing mistake
POST /deals/<id:deal_id>/edit       <deal_id>          404 0,2^63,10^30=405 | mistake / any more / buttons
POST /deals/<id:deal_id>/edit       title              303 long,NUL,blank,empty=422 | at most / Type a / no n
POST /deals/<id:deal_id>/edit       value              422 0,empty=303 | Type an am / too large / decimals
POST /deals/<id:deal_id>/edit       currency,position  422 | Not a valid choice / Choose from the list
POST /deals/<id:deal_id>/edit       version            409 | Someone else has changed this deal
POST /deals/<id:deal_id>/edit       opened,back        303
POST /deals/<id:deal_id>/edit       csrf_token         400 | open for too long. Go back, reload it
POST /deals/<id:deal_id>/move       <deal_id>          404 | a typing mistake / is not here any more
POST /deals/<id:deal_id>/move       position           422 | Choose a stage from the list. Nothing was changed
POST /deals/<id:deal_id>/move       version            409 | has been changed by someone else
POST /deals/<id:deal_id>/move       csrf_token         400 | open for too long. Go back, reload it
POST /deals/<id:deal_id>/move       back               303
POST /deals/<id:deal_id>/contacts   <deal_id>          404 empty=405 | mistake / any more / buttons
POST /deals/<id:deal_id>/contacts   contact            404 | is not here any more. Nothing was changed
POST /deals/<id:deal_id>/contacts   csrf_token         400 | open for too long. Go back, reload it
POST /deals/<id:deal_id>/contacts   back               303
POST /deals/<id:deal_id>/primary    <deal_id>          404 | a typing mistake / is not here any more
POST /deals/<id:deal_id>/primary    contact            404 | is not here any more. Nothing was changed
POST /deals/<id:deal_id>/primary    csrf_token         400 | open for too long. Go back, reload it
POST /deals/<id:deal_id>/primary    back               303
POST /deals/<id:deal_id>/remove     <deal_id>          404 | a typing mistake / is not here any more
POST /deals/<id:deal_id>/remove     contact            404 | is not here any more. Nothing was changed
POST /deals/<id:deal_id>/remove     csrf_token         400 | open for too long. Go back, reload it
POST /deals/<id:deal_id>/remove     back               303
GET  /deals/<id:deal_id>/delete     <deal_id>          404 | a typing mistake
POST /deals/<id:deal_id>/delete     <deal_id>          404 0,2^63,10^30=405 | mistake / any more / buttons
POST /deals/<id:deal_id>/delete     csrf_token         400 | open for too long. Go back, reload it
POST /deals/<id:deal_id>/delete     back               303

GET  /lists/<id:thing_id>           ?status            422 empty=200 | Choose a status from the list
GET  /lists/<id:thing_id>/count     ?status            422 empty=200 | Choose a status from the list
GET  /lists/<id:thing_id>/status    <thing_id>         404 | a typing mistake
GET  /lists/<id:thing_id>/status    ?contact           404 | is not on the list any more. Nothing was changed
GET  /lists/<id:thing_id>/status    ?back,?status      200
POST /lists/<id:thing_id>/status    <thing_id>         404 0,2^63,10^30=405 | mistake / any more / buttons
POST /lists/<id:thing_id>/status    contact            404 | is not on the list any more. Nothing was changed
POST /lists/<id:thing_id>/status    status             422 | Not a valid choice / Choose a status
POST /lists/<id:thing_id>/status    agreed,back        303
POST /lists/<id:thing_id>/status    csrf_token         400 | open for too long. Go back, reload it

POST /contacts/notices              kind               422 | This notice is not known
POST /contacts/notices              number             422 2^63-1=404 | This notice is not known
POST /contacts/notices              csrf_token         400 | open for too long. Go back, reload it
POST /contacts/notices              back,then          303

GET  /contacts/restore              ?q                 200 long,NUL,blank=422 | at most / no name / no letter
GET  /contacts/restore              ?from,?to          422 empty=200 | Type a date as YYYY-MM-DD
GET  /contacts/restore              ?from_time,?to_time  422 empty=200 | Type a time as HH:MM
GET  /contacts/restore              ?how               422 empty=200 | Choose a way / No contacts were deleted
GET  /contacts/restore              ?expires           422 empty=200 | Choose from the list
GET  /contacts/restore              ?deleted_by        422 empty=200 | Choose a person / This person has not
GET  /contacts/restore              ?deletion          422 empty=200 0=200 2^63-1=200 | a deletion’s number
GET  /contacts/restore              ?after,?before     400 empty=200 | edited or cut off
GET  /contacts/restore              ?selected          422 2^63-1=200 | not be read. Check the ticks
GET  /contacts/restore              ?show,?clear,?watching,?matching  200
GET  /contacts/restore/deletions    ?after             400 empty=200 2^63-1=200 | edited or cut off
GET  /contacts/restore/selection    ?after,?before     400 empty=200 | edited or cut off
GET  /contacts/restore/selection    ?selected          422 2^63-1=200 | not be read. Check the ticks
GET  /contacts/restore/selection    ?q,?from,?to,?deleted_by,?deletion,?show,?clear,?watching,?matching  200
GET  /contacts/restore/selection    ?from_time,?to_time,?how,?expires  200
GET  /contacts/restore/count        ?q                 200 long,NUL,blank=422 | Correct the search first
GET  /contacts/restore/count        ?from,?to          422 empty=200 | Correct the search first
GET  /contacts/restore/count        ?deleted_by        422 empty=200 | Correct the search first
GET  /contacts/restore/count        ?from_time,?to_time,?how,?expires  422 empty=200 | Correct the search
GET  /contacts/restore/count        ?deletion          422 empty=200 0=200 2^63-1=200 | Correct the search
GET  /contacts/restore/count        ?after,?before,?matching  200
GET  /contacts/restore/confirm      ?selected          422 | not be read. Check the ticks / is still deleted
GET  /contacts/restore/confirm      ?clear             422 empty=200 | Select at least one contact first
GET  /contacts/restore/confirm      ?q,?from,?to,?deleted_by,?deletion,?after,?before  200
GET  /contacts/restore/confirm      ?from_time,?to_time,?how,?expires,?back  200
GET  /contacts/restore/confirm      ?show,?watching,?matching,?line_up  200
GET  /contacts/restore/confirm-all  ?q                 422 empty=200 0=200 | Correct the search / No deleted
GET  /contacts/restore/confirm-all  ?from,?to          422 empty=200 | Correct the search first
GET  /contacts/restore/confirm-all  ?deleted_by        422 empty=200 | Correct the search first
GET  /contacts/restore/confirm-all  ?deletion          422 empty=200 | Correct the search / No deleted
GET  /contacts/restore/confirm-all  ?from_time,?to_time,?how,?expires  422 empty=200 | Correct the search
GET  /contacts/restore/confirm-all  ?back              200
GET  /contacts/restore/confirm-all  ?after,?before,?selected,?show,?clear,?watching,?matching  200
GET  /contacts/restore/erase        ?selected          422 | not be read. Check the ticks / is still deleted
GET  /contacts/restore/erase        ?q                 422 empty=200 0=200 | Correct the search / No deleted
GET  /contacts/restore/erase        ?from,?to,?deleted_by  422 empty=200 | Correct the search first
GET  /contacts/restore/erase        ?deletion          422 empty=200 | Correct the search / No deleted
GET  /contacts/restore/erase        ?from_time,?to_time,?how,?expires  422 empty=200 | Correct the search
GET  /contacts/restore/erase        ?after,?before,?show,?clear,?watching,?matching,?back  200
POST /contacts/restore/erase        scope              400 | This confirmation is incomplete. Open it again.
POST /contacts/restore/erase        typed              422 | Type 1 to confirm. Nothing was deleted.
POST /contacts/restore/erase        csrf_token         400 | open for too long. Go back, reload it
POST /contacts/restore/erase        back               303

GET  /outbox                        ?state             422 empty=200 | Choose a state from the list
GET  /outbox                        ?after,?before     400 empty=200 | edited or cut off
GET  /suppressed                    ?after,?before     400 empty=200 | edited or cut off
GET  /u/<token>                     <token>            404 | edited or cut off / a typing mistake
POST /u/<token>                     <token>            404 | edited or cut off / a typing mistake
POST /u/<token>                     from               200
GET  /c/<token>                     <token>            404 | edited or cut off / a typing mistake
POST /c/<token>                     <token>            404 | edited or cut off / a typing mistake

GET  /restores                      ?after             400 empty=200 2^63-1=200 | edited or cut off
POST /contacts/restore/confirm/again scope             400 | This confirmation is incomplete. Open it again.
POST /contacts/restore/confirm/again chosen,conflicts,rescue,back  400 | This confirmation is incomplete
POST /contacts/restore/confirm/again csrf_token        400 | open for too long. Go back, reload it
GET  /contacts/restore/plan         ?scope,?whole      400 | This plan is incomplete. Open the confirmation
GET  /contacts/restore/plan.csv     ?scope             400 | This plan is incomplete. Open the confirmation
POST /restores                      scope              400 | This confirmation is incomplete. Open it again.
POST /restores                      csrf_token         400 | open for too long. Go back, reload it
POST /restores                      back               303
POST /restores/line                 scope              400 | This confirmation is incomplete. Open it again.
POST /restores/line                 csrf_token         400 | open for too long. Go back, reload it
POST /restores/line                 back               303
GET  /restores/<id:job_id>          <job_id>           404 | a typing mistake
GET  /restores/<id:job_id>          ?after             400 empty=200 2^63-1=200 | edited or cut off
GET  /restores/<id:job_id>          ?show              200
GET  /restores/<id:job_id>/continue <job_id>           404 | a typing mistake
GET  /restores/<id:job_id>/continue ?q,?from,?to,?deleted_by,?deletion,?after,?before,?selected,?clear  200
GET  /restores/<id:job_id>/continue ?from_time,?to_time,?how,?expires,?back  200
GET  /restores/<id:job_id>/export   <job_id>           404 | a typing mistake
GET  /restores/<id:job_id>/export   ?back              200
GET  /restores/<id:job_id>/retry    <job_id>           404 | a typing mistake
GET  /restores/<id:job_id>/retry    ?back              409 | None of the skipped contacts is still deleted
GET  /restores/<id:job_id>/undo     <job_id>           404 | a typing mistake
GET  /restores/<id:job_id>/undo/plan <job_id>          404 | a typing mistake
POST /restores/<id:job_id>/undos    <job_id>           404 | a typing mistake
POST /restores/<id:job_id>/undos    scope              400 | This confirmation is incomplete. Open it again.
POST /restores/<id:job_id>/undos    csrf_token         400 | open for too long. Go back, reload it
POST /restores/<id:job_id>/undos    back               400 | This confirmation is incomplete. Open it again.
POST /restores/<id:job_id>/cancel   <job_id>           404 | a typing mistake
POST /restores/<id:job_id>/cancel   csrf_token         400 | open for too long. Go back, reload it
POST /restores/<id:job_id>/cancel   back               303
GET  /contacts/import               ?nonsense          200
POST /contacts/import               file               422 | Choose a file first.
POST /contacts/import               csrf_token         400 | open for too long. Go back, reload it
GET  /contacts/import/<id:file_id>  <file_id>          404 | a typing mistake / Choose it again.
POST /contacts/import/<id:file_id>  <file_id>  404 | a typing mistake / Choose it again.
POST /contacts/import/<id:file_id>  frozen             400 | This confirmation is incomplete.
POST /contacts/import/<id:file_id>  column             422 empty=409 | no such choice / was imported yet.
POST /contacts/import/<id:file_id>  existing           422 | There is no such choice.
POST /contacts/import/<id:file_id>  agreed,wake,even_if_deleted,keep_commas  409 | Nothing was imported yet.
POST /contacts/import/<id:file_id>  list        422 empty,blank=409 | There is no list / was imported yet.
POST /contacts/import/<id:file_id>  csrf_token         400 | open for too long. Go back, reload it
POST /contacts/import/<id:file_id>/look <file_id>      404 | a typing mistake / Choose it again.
POST /contacts/import/<id:file_id>/look column         422 empty=200 | There is no such choice.
POST /contacts/import/<id:file_id>/look existing       422 | There is no such choice.
POST /contacts/import/<id:file_id>/look agreed,wake,even_if_deleted,keep_commas  200
POST /contacts/import/<id:file_id>/look list           422 empty,blank=200 | There is no list
POST /contacts/import/<id:file_id>/look frozen         200
POST /contacts/import/<id:file_id>/look csrf_token     400 | open for too long. Go back, reload it
POST /contacts/import/<id:file_id>/encoding <file_id>  404 | a typing mistake / Choose it again.
POST /contacts/import/<id:file_id>/encoding encoding   422 | There is no such choice.
POST /contacts/import/<id:file_id>/encoding csrf_token 400 | open for too long. Go back, reload it
GET  /contacts/import/<id:file_id>/deleted <file_id>   404 | a typing mistake / Choose it again.
GET  /contacts/import/<id:file_id>/deleted ?column     422 0=200 | There is no such column.
GET  /jobs                          ?kind              422 empty=200 | Choose a kind from the list
GET  /jobs                          ?state             422 empty=200 | Choose a state from the list
GET  /jobs                          ?after,?before     400 empty=200 | edited or cut off
GET  /jobs/<id:job_id>              <job_id>           404 | a typing mistake
GET  /jobs/<id:job_id>/file         <job_id>           404 | a typing mistake
POST /jobs/<id:job_id>/cancel       <job_id>           404 | a typing mistake
POST /jobs/<id:job_id>/cancel       csrf_token         400 | open for too long. Go back, reload it
GET  /jobs/<id:job_id>/export       <job_id>           404 | a typing mistake
GET  /jobs/<id:job_id>/export       ?back              404 | a typing mistake
GET  /contacts/export               ?q                 422 empty=200 | Correct the / nothing to export
GET  /contacts/export               ?sort,?status      422 empty=200 | Correct the search first
GET  /contacts/export               ?list,?tag,?account  422 empty,blank=200 | Correct the search first
GET  /contacts/export               ?restored_by       400 empty=200 2^63-1=404 | cut off / no such restore
GET  /contacts/export               ?after,?before,?selected,?show,?clear,?back,?matching  200
GET  /contacts/restore/export       ?q                 422 empty,0=200 | Correct the search / nothing to e
GET  /contacts/restore/export       ?from,?to          422 empty=200 | Correct the search first
GET  /contacts/restore/export       ?deleted_by        422 empty=200 | Correct the search first
GET  /contacts/restore/export       ?deletion          422 empty=200 | Correct the search / nothing to export
GET  /contacts/restore/export       ?from_time,?to_time,?how,?expires  422 empty=200 | Correct the search
GET  /contacts/restore/export       ?after,?before,?selected,?show,?clear,?watching,?matching,?back  200
POST /exports                       export             400 | This confirmation is incomplete. Open it again.
POST /exports                       csrf_token         400 | open for too long. Go back, reload it
POST /exports                       back               400 | This confirmation is incomplete. Open it again.
GET  /jobs/<id:job_id>/rejected.csv <job_id>           404 | a typing mistake
GET  /jobs/<id:job_id>/undo         <job_id>           404 | a typing mistake
POST /jobs/<id:job_id>/undo         <job_id>           404 0,2^63,10^30=405 | mistake / the buttons
POST /jobs/<id:job_id>/undo         scope,number,back  404 | a typing mistake
POST /jobs/<id:job_id>/undo         csrf_token         400 | open for too long. Go back, reload it
GET  /notices                       ?besides           400 empty=200 2^63-1=200 | edited or cut off
GET  /notices                       ?shown             200
POST /notices/<id:job_id>/seen      <job_id>           404 | a typing mistake
POST /notices/<id:job_id>/seen      csrf_token         400 | open for too long. Go back, reload it
POST /notices/<id:job_id>/seen      back               303
GET  /audit                         ?who               422 empty=200 | Choose a person from the list
GET  /audit                         ?action            422 empty=200 | Choose an action from the list
GET  /audit                         ?from,?to          422 empty=200 | Type a date as YYYY-MM-DD
GET  /audit                         ?after,?before     400 empty=200 | edited or cut off
GET  /audit.csv                     ?who,?action       422 empty=200 | Correct the filters first
GET  /audit.csv                     ?from,?to          422 empty=200 | Correct the filters first
GET  /automations                    ?q                 200
GET  /automations                    ?after,?before     400 empty=200 2^63-1=400 | edited or cut off
GET  /automations/new                ?nonsense          200
POST /automations                    name               303 long,NUL,blank,empty=422 | most / seen / stored
POST /automations                    trigger            422 | valid choice / Choose
POST /automations target 422 | no tag with / can be seen / Type at most / stored
POST /automations                    csrf_token         400 | open for too long. Go back, reload it
POST /automations                    back               303
GET  /automations/<id:automation_id> <automation_id>    404 | a typing mistake
GET  /automations/<id:automation_id> ?after,?before     400 empty=200 | edited or cut off
POST /automations/<id:automation_id>/name <automation_id>    404 | a typing mistake
POST /automations/<id:automation_id>/name csrf_token         400 | open for too long. Go back, reload it
POST /automations/<id:automation_id>/steps <automation_id>    404 | a typing mistake
POST /automations/<id:automation_id>/steps csrf_token         400 | open for too long. Go back, reload it
POST /automations/<id:automation_id>/steps/change <automation_id>    404 | a typing mistake
POST /automations/<id:automation_id>/steps/change csrf_token 400 | open for too long. Go back, reload it
POST /automations/<id:automation_id>/state <automation_id>    404 | a typing mistake
POST /automations/<id:automation_id>/state csrf_token         400 | open for too long. Go back, reload it
GET  /automations/<id:automation_id>/delete <automation_id>    404 | a typing mistake
POST /automations/<id:automation_id>/delete <automation_id> 404 0,2^63,10^30=405 | mistake / the buttons
POST /automations/<id:automation_id>/delete csrf_token         400 | open for too long. Go back, reload it
GET  /automations/<id:automation_id>/message <automation_id>    404 | a typing mistake
POST /automations/<id:automation_id>/message <automation_id> 404 0,2^63,10^30=405 | mistake / the buttons
POST /automations/<id:automation_id>/message csrf_token         400 | open for too long. Go back, reload it
POST /automations/<id:automation_id>/name name               303 long,blank,empty=422 | 1 to 120
POST /automations/<id:automation_id>/name version            409 | Another person
POST /automations/<id:automation_id>/steps do,unit            422 | from the page / how long
POST /automations/<id:automation_id>/steps count              422 | how long to wait
POST /automations/<id:automation_id>/steps version            409 | Another person
POST /automations/<id:automation_id>/steps tag,list           303
POST /automations/<id:automation_id>/steps/change up,remove 422 2^63-1=409 | from the page / not here any more
POST /automations/<id:automation_id>/steps/change version            422 | from the page
POST /automations/<id:automation_id>/state state              422 | from the page
POST /automations/<id:automation_id>/state version            422 | from the page
POST /automations/<id:automation_id>/delete version            409 | Another person
POST /automations/<id:automation_id>/message list 422 | no list with / can be seen / Type at most / stored
POST /automations/<id:automation_id>/message subject 303 long,NUL,blank,empty=422 | most / seen / stored
POST /automations/<id:automation_id>/message body               303 NUL,blank,empty=422 | most / seen / stored
POST /automations/<id:automation_id>/message version            409 | Another person
GET  /automations/messages/<id:campaign_id> <campaign_id>      404 | a typing mistake
POST /automations/messages/<id:campaign_id> <campaign_id> 404 0,2^63,10^30=405 | mistake / the buttons
POST /automations/messages/<id:campaign_id> csrf_token         400 | open for too long. Go back, reload it
POST /automations/messages/<id:campaign_id> list 422 | no list with / can be seen / Type at most / stored
POST /automations/messages/<id:campaign_id> subject 303 long,NUL,blank,empty=422 | most / seen / stored
POST /automations/messages/<id:campaign_id> body               303 NUL,blank,empty=422 | most / seen / stored
POST /automations/messages/<id:campaign_id> version            409 | Another person
GET  /campaigns                      ?q                 200
GET  /campaigns                      ?after,?before     400 empty=200 | edited or cut off
GET  /campaigns/new                  ?nonsense          200
POST /campaigns                      name               303 long,NUL,blank,empty=422 | most / seen / stored
POST /campaigns                      list               422 empty=303 | no list with / Type at most / stored
POST /campaigns                      subject            303 long,NUL=422 | most / stored
POST /campaigns                      body               303 NUL=422 | most / stored
POST /campaigns                      csrf_token         400 | open for too long. Go back, reload it
POST /campaigns                      version            303
GET  /campaigns/<id:campaign_id>     <campaign_id>      404 | a typing mistake
POST /campaigns/<id:campaign_id> <campaign_id> 404 0,2^63,10^30=405 | mistake / the buttons
POST /campaigns/<id:campaign_id>     name               303 long,NUL,blank,empty=422 | most / seen / stored
POST /campaigns/<id:campaign_id>     list               422 empty=303 | no list with / Type at most / stored
POST /campaigns/<id:campaign_id>     subject            303 long,NUL=422 | most / stored
POST /campaigns/<id:campaign_id>     body               303 NUL=422 | most / stored
POST /campaigns/<id:campaign_id>     csrf_token         400 | open for too long. Go back, reload it
POST /campaigns/<id:campaign_id>     version            409 | Another person
POST /campaigns/<id:campaign_id>/test <campaign_id>      404 | a typing mistake
POST /campaigns/<id:campaign_id>/test csrf_token         400 | open for too long. Go back, reload it
GET  /campaigns/<id:campaign_id>/send <campaign_id>      404 | a typing mistake
POST /campaigns/<id:campaign_id>/send <campaign_id> 404 0,2^63,10^30=405 | mistake / the buttons
POST /campaigns/<id:campaign_id>/send csrf_token         400 | open for too long. Go back, reload it
GET  /campaigns/<id:campaign_id>/delete <campaign_id>      404 | a typing mistake
POST /campaigns/<id:campaign_id>/delete <campaign_id> 404 0,2^63,10^30=405 | mistake / the buttons
POST /campaigns/<id:campaign_id>/delete csrf_token         400 | open for too long. Go back, reload it
POST /campaigns/<id:campaign_id>/send version            409 | Another person
POST /first-steps/demo              csrf_token         400 | open for too long. Go back, reload it
GET  /users                         ?q                 200 long,NUL,blank=422 | at most / no name / no letter
GET  /users                         ?state,?group      422 empty=200 | Choose a
GET  /users                         ?after,?before     400 empty=200 | edited or cut off
GET  /users/invite                  ?nonsense          200
POST /users                         email  422 | cannot be an e-mail / Type an e-mail / Type at most
POST /users                         name   303 long,NUL,blank,empty=422 | Type at most / Type a name / no name
POST /users                         group              422 | from the groups of this account
POST /users                         csrf_token         400 | open for too long. Go back, reload it
GET  /users/<id:user_id>            <user_id>          404 | a typing mistake
POST /users/<id:user_id>            <user_id>          404 | a typing mistake
POST /users/<id:user_id>  name  303 long,NUL,blank,empty=422 | Type at most / Type a name / no name
POST /users/<id:user_id>            group              422 | from the groups of this account
POST /users/<id:user_id>            csrf_token         400 | open for too long. Go back, reload it
POST /users/<id:user_id>/invite     <user_id>          404 | a typing mistake
POST /users/<id:user_id>/invite     csrf_token         400 | open for too long. Go back, reload it
GET  /users/<id:user_id>/withdraw   <user_id>          404 | a typing mistake
POST /users/<id:user_id>/withdraw   <user_id>          404 | a typing mistake
POST /users/<id:user_id>/withdraw   csrf_token         400 | open for too long. Go back, reload it
GET  /users/<id:user_id>/disable    <user_id>          404 | a typing mistake
POST /users/<id:user_id>/disable    <user_id>          404 | a typing mistake
POST /users/<id:user_id>/disable    csrf_token         400 | open for too long. Go back, reload it
POST /users/<id:user_id>/enable     <user_id>          404 | a typing mistake
POST /users/<id:user_id>/enable     csrf_token         400 | open for too long. Go back, reload it
GET  /users/<id:user_id>/second-factor <user_id>       404 | a typing mistake
POST /users/<id:user_id>/second-factor <user_id>       404 | a typing mistake
POST /users/<id:user_id>/second-factor csrf_token      400 | open for too long. Go back, reload it
GET  /users/groups                  ?nonsense          200
GET  /users/groups/new              ?nonsense          200
POST /users/groups                  name  303 long,NUL,blank,empty=422 | Type at most / Type a name / no name
POST /users/groups                  csrf_token         400 | open for too long. Go back, reload it
GET  /users/groups/<id:group_id>/rename <group_id>     404 | a typing mistake
POST /users/groups/<id:group_id>/rename <group_id>     404 | a typing mistake
POST /users/groups/<id:group_id>/rename name 303 long,NUL,blank,empty=422 | Type at most / a name / no name
POST /users/groups/<id:group_id>/rename csrf_token     400 | open for too long. Go back, reload it
GET  /users/groups/<id:group_id>/delete <group_id>     404 | a typing mistake
POST /users/groups/<id:group_id>/delete <group_id>     404 | a typing mistake
POST /users/groups/<id:group_id>/delete csrf_token     400 | open for too long. Go back, reload it
GET  /invitation                    ?token             303 empty=404 | edited or cut off
POST /invitation  name  409 long,NUL,blank,empty=422 | Type at most / Type a name / no name / Sign in with it
POST /invitation  password  422 2^63-1,2^63=409 | Type a / Type at / easy to guess / your address, / Sign in
POST /invitation                    csrf_token         400 | open for too long. Go back, reload it
GET  /account                       ?next              200
POST /account                       user               422 | Choose one of these accounts
POST /account                       next               303
POST /account                       csrf_token         400 | open for too long. Go back, reload it
GET  /settings                      ?nonsense          200
POST /settings                      name               303 long,NUL,blank,empty=422 | most / seen / stored
POST /settings                      timezone,currency  422 | Not a valid choice / Choose from the list
POST /settings                      date_language      422 | Not a valid choice / Choose from the list
POST /settings                      sender_name        303 long,NUL=422 | Type at most / cannot be stored
POST /settings                      sender_email       422 empty=303 | cannot be an e-mail addr / Type at most
POST /settings                      postal_line        303 long,NUL=422 | Type at most / cannot be stored
POST /settings                      csrf_token         400 | open for too long. Go back, reload it
POST /settings                      back               303
POST /settings/second-factor        required           303
POST /settings/second-factor        csrf_token         400 | open for too long. Go back, reload it
POST /settings/second-factor        back               303
POST /settings/rights               right,group        303
POST /settings/rights               csrf_token         400 | open for too long. Go back, reload it
POST /settings/rights               back               303
GET  /in-use                        ?nonsense          204
GET  /sessions                      ?nonsense          200
POST /sessions/<id:sign_in_id>/end  <sign_in_id>       404 | a typing mistake / has ended already
POST /sessions/<id:sign_in_id>/end  csrf_token         400 | open for too long. Go back, reload it
POST /sessions/others/end           csrf_token         400 | open for too long. Go back, reload it
POST /sessions/others/end           back               303
GET  /design                         ?nonsense          200
GET  /healthz                       ?nonsense          200
GET  /readyz                        ?nonsense          200
GET  /metrics                       ?nonsense          404 | a typing mistake
"""

# The same for lists, tags and accounts.
THINGS = """
GET  /{}                            ?q                 200 long,NUL,blank=422 | at most / no name / no letter
GET  /{}                            ?after,?before     400 empty=200 | edited or cut off
POST /{}                            name               303 long,NUL,blank,empty=422 | at most / Type a / no n
POST /{}                            csrf_token         400 | open for too long. Go back, reload it
POST /{}                            back               303
GET  /{}/new                        ?nonsense          200
GET  /{}/<id:thing_id>              <thing_id>         404 | a typing mistake
GET  /{}/<id:thing_id>              ?after,?before     400 empty=200 | edited or cut off
GET  /{}/<id:thing_id>/count        <thing_id>         404 | a typing mistake
GET  /{}/<id:thing_id>/count        ?matching          200
GET  /{}/<id:thing_id>/rename       <thing_id>         404 | a typing mistake
POST /{}/<id:thing_id>/rename       <thing_id>         404 0,2^63,10^30=405 | mistake / any more / buttons
POST /{}/<id:thing_id>/rename       name               303 long,NUL,blank,empty=422 | at most / Type a / no n
POST /{}/<id:thing_id>/rename       csrf_token         400 | open for too long. Go back, reload it
POST /{}/<id:thing_id>/rename       back               303
GET  /{}/<id:thing_id>/delete       <thing_id>         404 | a typing mistake
POST /{}/<id:thing_id>/delete       <thing_id>         404 0,2^63,10^30=405 | mistake / any more / buttons
POST /{}/<id:thing_id>/delete       csrf_token         400 | open for too long. Go back, reload it
POST /{}/<id:thing_id>/delete       back               303
"""
TABLE += "".join(THINGS.replace("{}", kind) for kind in ("lists", "tags", "accounts"))

# These always answer with a part of a page, and those with a page, because they have no parts.
PARTS_ONLY = {
    *("/contacts/selection", "/contacts/restore/selection"),
    *("/contacts/selection", "/contacts/restore/selection", "/contacts/names"),
    *("/contacts/count", "/contacts/restore/count", "/notices", "/deals/count", "/deals/contacts"),
    *(f"/{kind}/<id:thing_id>/count" for kind in ("lists", "tags", "accounts")),
    "/contacts/accounts",
}
PAGES_ONLY = {
    "/contacts/import",
    *("/users/<id:user_id>", "/users/groups", "/invitation", "/account"),
    *("/forgot", "/reset", "/second-factor", "/second-factor/recovery", "/security", "/security/password"),
    *("/security/second-factor", "/security/second-factor/confirm", "/security/second-factor/off"),
    *("/security/recovery-codes", "/settings/second-factor"),
    *("/login", "/settings", "/campaigns", "/automations", "/campaigns/<id:campaign_id>"),
    *("/automations/messages/<id:campaign_id>", "/automations/<id:automation_id>/message"),
    *("/deals", "/deals/new", "/deals/<id:deal_id>/edit"),
    *("/contacts/new", "/contacts/<id:contact_id>/edit"),
}


@dataclass(frozen=True)
class Row:
    """One field of one route: the status for each kind of bad value, and what an error may say."""

    method: str
    path: str
    field: str
    statuses: dict[str, int]
    says: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.field}"

    @property
    def name(self) -> str:
        return self.field.strip("?<>")


def read_table(table: str) -> list[Row]:
    """The rows of such a table; a line that names several fields is a row for each."""
    rows = []
    for line in filter(None, table.splitlines()):
        cells, _, says = line.partition("|")
        method, path, fields, status, *others = cells.split()
        statuses = dict.fromkeys(KINDS, int(status))
        for kinds, _, another in (other.rpartition("=") for other in others):
            for kind in kinds.split(","):
                assert kind in KINDS, f"no kind of bad value: {kind}"
                statuses[kind] = int(another)
        sentences = tuple(filter(None, (sentence.strip() for sentence in says.split(" / "))))
        rows += [Row(method, path, field, statuses, sentences) for field in fields.split(",")]
    return rows


ROWS = read_table(TABLE)

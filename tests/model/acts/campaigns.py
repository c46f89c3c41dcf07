"""People write campaigns, send them, once each, and delete them."""

from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.model import building
from tests.model.acts.deleting import Deleting
from tests.model.acts.refused import refusal
from tests.model.choices import campaigns, lists_or_none, one_of, worth_writing_to
from tests.model.marketing import Campaign
from tests.model.things import Thing
from webapp.database import write_transaction
from webapp.marketing import drafting
from webapp.marketing.drafting import Draft


class Campaigns(Deleting):
    """What people do with campaigns."""

    @rule(mailing_list=one_of(lists_or_none), sent=st.sampled_from((True, True, False)))
    def write_a_campaign(self, mailing_list: Thing | None, sent: bool) -> None:
        campaign = Campaign(mailing_list if mailing_list and not mailing_list.deleted else None)
        self.business.marketing.campaigns.append(campaign)
        with write_transaction(self.session):
            self.ids[campaign] = drafting.make_campaign(
                self.session, self.draft(mailing_list), **self.by_admin()
            )
        if sent:
            self.launch(campaign, campaign.version)

    @rule(
        campaign=one_of(campaigns),
        what=st.sampled_from(("change", "send", "send", "delete")),
        mailing_list=one_of(worth_writing_to),
        is_old=st.sampled_from((False, False, True)),
    )
    def work_on_a_campaign(self, campaign: Campaign, what: str, mailing_list: Thing, is_old: bool) -> None:
        """A person acts on a campaign as it was shown, which another has perhaps changed since."""
        version = campaign.version - is_old
        if what == "send":
            self.launch(campaign, version)
        elif what == "delete":
            for _ in range(2):
                expected = building.delete(self.business, campaign)
                with write_transaction(self.session):
                    was_there = drafting.delete_campaign(self.session, self.ids[campaign], **self.by_admin())
                assert was_there == expected
        else:
            verb = partial(
                drafting.change_campaign,
                self.session,
                self.ids[campaign],
                self.draft(mailing_list),
                version=version,
                **self.by_admin(),
            )
            why = building.change(campaign, version, mailing_list)
            assert refusal(self.session, verb) == why

    def launch(self, campaign: Campaign, version: int) -> None:
        """One person was shown an older version; two others send it, or one clicks twice."""
        for shown in (version - 1, version, version):
            why = building.launch(self.business, campaign, shown)
            self.note(f"a campaign is not sent: {why}" if why else "a campaign is sent")
            where = {"version": shown, **self.by_admin()}
            verb = partial(drafting.launch, self.session, self.ids[campaign], **where)
            assert refusal(self.session, verb) == why

    def draft(self, mailing_list: Thing | None) -> Draft:
        return Draft("Spring", "Hello", "Read this.", self.ids[mailing_list] if mailing_list else None)

"""What the people, companies and things of the demo data are called."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words(
    """
    Ada Alice Amara Andrés Anna Ben Björn Carla Chen Chloé Clara Daniel David Divya Elena Elif Emil Emma
    Farah Felix Fiona George Grace Hannah Hiroshi Ida Ines Ivan Jack Jakub James Jana Jean-Luc João José
    Julia Kai Karim Katarzyna Kofi Lara Lars Laura Leila Liam Linh Lucía Łukasz Maja Marco Maria Mateo Mei
    Mia Mohammed Nadia Nina Noah Nora Oliver Olivia Omar Oskar Paul Petra Priya Rachel Ravi Rosa Ruth Sam
    Sara Sebastián Selma Siobhán Sofia Sven Tariq Theo Tomás Ursula Vera Victor Wanda Wei Yara Yusuf Zoë
    """
)

LAST_NAMES = _words(
    """
    Adeyemi Ahmed Almeida Andersen Bauer Becker Bianchi Brown Castillo Chen Clarke Costa Cruz Dąbrowski
    Davies Dubois Eriksson Evans Fernández Fischer Fontaine García Gonçalves Green Gupta Haddad Hansen
    Hoffmann Horvat Hughes Ibrahim Ivanova Jansen Jensen Johnson Jones Kaya Keller Khan Kim Kowalska Krüger
    Kumar Larsen Lefèvre Lewis Lindqvist López Marino Martin Mendes Meyer Moreau Morgan Müller Murphy
    Nakamura Nguyen Nowak O’Brien Okafor Olsen Özdemir Park Patel Pereira Petrov Popescu Ramírez Reyes
    Richter Rossi Santos Sato Schmidt Schneider Silva Singh Smith Svensson Tanaka Taylor Thompson Tran
    Vidal Virtanen Walker Wang Weber White Williams Wilson Wójcik Wong Wright Yamamoto Yılmaz Young Zhang
    """
)

COMPANY_NAMES = _words(
    """
    Acorn Alder Amber Anchor Arcadia Aspen Atlas Aurora Beacon Birch Blue Harbor Bright Brook Cedar Cobalt
    Copper Coral Crescent Delta Echo Elm Ember Falcon Fern Granite Hazel Horizon Indigo Iron Juniper Lark
    Linden Lumen Maple Meridian Mosaic Nimbus North Nova Oak Opal Orchard Pine Prairie Quartz Raven River
    Rowan Saffron Sierra Silver Slate Summit Tidal Timber Union Vale Vista Willow Zephyr
    """
)
COMPANY_KINDS = ("Analytics", "Bakery", "Clinic", "Design", "Foods", "Logistics", "Media", "Studio")
COMPANIES = tuple(f"{name} {kind}" for kind in COMPANY_KINDS for name in COMPANY_NAMES)

LISTS = ("Newsletter", "Product updates", "Events", "Customer stories", "Beta testers")
TAGS = ("Customer", "Prospect", "Partner", "VIP", "Supplier", "Webinar guest", "Press", "Renewal due")
# These three are deleted after some of their contacts, so that a restore has something to leave out.
GONE_LIST = "Summer sale"
GONE_TAG = "Old CRM"
GONE_ACCOUNT = "Fabrikam Travel"
# What the big deletion went by.
FAIR_TAG = "Trade fair leads"

DEALS = ("Annual plan", "Onboarding", "Pilot", "Renewal", "Workshop", "Expansion", "Support contract")
# The stage of a deal, with how it stands there.
STAGES = (
    ("To contact", "open"),
    ("In contact", "open"),
    ("Proposal sent", "open"),
    ("Negotiation", "open"),
    ("Closed", "won"),
    ("Closed", "lost"),
)
CURRENCIES = ("EUR", "USD", "GBP")

"""The countries that the demo's workspaces sell to, and the names of firms there.

Telephone numbers come from the ranges that regulators reserve for fiction, and addresses end in `.example`:
none of them belongs to a real person.
"""

from dataclasses import dataclass

from webapp.demo.names import BRITISH, FRENCH, GERMAN, SWEDISH, Names


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in text.replace("\n", " ").split(","))


@dataclass(frozen=True, eq=False)
class Country:
    """A country of firms: names of people, firms and towns, and the currency."""

    people: Names
    # The pattern of a firm's name, with {last} or {house}, and its trade.
    firms: tuple[tuple[str, str], ...]
    houses: tuple[str, ...]
    # Each town with its fictional telephone numbers; # is any digit.
    towns: tuple[tuple[str, str], ...]
    mobile: str
    mailboxes: tuple[str, ...]
    currency: str
    # Units of the currency that are worth about one euro.
    rate: int = 1
    # How accented letters are typed in an address; other accents are dropped.
    typed: tuple[tuple[str, str], ...] = ()


GERMANY = Country(
    people=GERMAN,
    firms=(
        ("Bäckerei {last}", "bakery"),
        ("Konditorei {last}", "bakery"),
        ("Feinkost {last}", "deli"),
        ("{last} Catering", "caterer"),
        ("Weinhaus {last}", "wine"),
        ("Hotel {house}", "hotel"),
        ("Gasthaus {house}", "restaurant"),
        ("Café {house}", "café"),
    ),
    houses=_phrases(
        """
        Adler, Alte Mühle, Alte Post, Am Markt, Bergblick, Brunnenhof, Drei Linden, Eichenhof, Forsthaus,
        Goldener Hirsch, Hafenblick, Kastanie, Kranich, Krone, Lindenhof, Mondschein, Morgenrot, Rosengarten,
        Schwan, Seeblick, Sonne, Traube, Waldfrieden, Zum Anker
        """
    ),
    towns=(
        ("Berlin", "+49 30 23125 ###"),
        ("Hamburg", "+49 40 66969 ###"),
        ("München", "+49 89 99998 ###"),
        ("Köln", "+49 221 4710 ###"),
        ("Frankfurt", "+49 69 90009 ###"),
    ),
    mobile="+49 171 39200 ##",
    mailboxes=("postfach.example", "webpost.example", "briefkasten.example"),
    currency="EUR",
    typed=(("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")),
)
BRITAIN = Country(
    people=BRITISH,
    firms=(
        ("{last} & Sons", "deli"),
        ("{last} Fine Foods", "deli"),
        ("{last}’s Bakery", "bakery"),
        ("{last} Catering", "caterer"),
        ("The {house}", "restaurant"),
        ("The {house} Hotel", "hotel"),
        ("{house} Tea Rooms", "café"),
    ),
    houses=_phrases(
        """
        Blue Door, Copper Kettle, Corner House, Harbour Light, Juniper Tree, Kingfisher, Lantern, Old Mill,
        Orchard, Plough, Swan, Three Bells, Walled Garden, Wheatsheaf
        """
    ),
    towns=(
        ("London", "+44 20 7946 0###"),
        ("Leeds", "+44 113 496 0###"),
        ("Manchester", "+44 161 496 0###"),
        ("Edinburgh", "+44 131 496 0###"),
        ("Bristol", "+44 117 496 0###"),
    ),
    mobile="+44 7700 900###",
    mailboxes=("inbox.example", "homemail.example"),
    currency="GBP",
)
FRANCE = Country(
    people=FRENCH,
    firms=(
        ("Boulangerie {last}", "bakery"),
        ("Maison {last}", "deli"),
        ("{last} Traiteur", "caterer"),
        ("Cave {last}", "wine"),
        ("Hôtel {house}", "hotel"),
        ("Brasserie {house}", "restaurant"),
        ("Café {house}", "café"),
    ),
    houses=_phrases(
        """
        Beau Rivage, Bellevue, de la Gare, de la Paix, des Arts, des Halles, des Tilleuls, du Marché,
        du Moulin, du Parc, du Port, Saint-Michel
        """
    ),
    towns=(
        ("Paris", "+33 1 99 00 ## ##"),
        ("Lille", "+33 3 53 01 ## ##"),
        ("Lyon", "+33 4 65 71 ## ##"),
        ("Nantes", "+33 2 61 91 ## ##"),
        ("Bordeaux", "+33 5 36 49 ## ##"),
    ),
    mobile="+33 6 39 98 ## ##",
    mailboxes=("courrier.example", "boite.example"),
    currency="EUR",
)
SWEDEN = Country(
    people=SWEDISH,
    firms=(
        ("{last} Bageri", "bakery"),
        ("{last} Delikatesser", "deli"),
        ("{last} Catering", "caterer"),
        ("Hotell {house}", "hotel"),
        ("Restaurang {house}", "restaurant"),
        ("Kafé {house}", "café"),
    ),
    houses=_phrases(
        "Björken, Bryggan, Ekbacken, Fyren, Havsbris, Kvarnen, Lyktan, Sjögatan, Solgården, Strandvägen"
    ),
    towns=(
        ("Stockholm", "+46 8 465 004 ##"),
        ("Göteborg", "+46 31 390 06 ##"),
        ("Malmö", "+46 40 628 04 ##"),
    ),
    mobile="+46 70 174 06 ##",
    mailboxes=("brevlada.example", "postlada.example"),
    currency="SEK",
    rate=11,
)
AMERICA = Country(
    people=BRITISH,
    firms=(
        ("{last} Brothers", "deli"),
        ("{last}’s Bakery", "bakery"),
        ("{last} Catering", "caterer"),
        ("{house} Grill", "restaurant"),
        ("{house} Inn", "hotel"),
        ("{house} Coffee", "café"),
    ),
    houses=_phrases(
        """
        Blue Heron, Brass Lantern, Cedar Hill, Copper Pot, Harborview, Lakeshore, Maple Street, Old Mill,
        Riverside, Stonebridge
        """
    ),
    towns=(
        ("New York", "+1 212 555 01##"),
        ("Boston", "+1 617 555 01##"),
        ("Philadelphia", "+1 215 555 01##"),
    ),
    mobile="+1 917 555 01##",
    mailboxes=("inbox.example", "homemail.example"),
    currency="USD",
)


def sold_to(timezone: str) -> tuple[tuple[Country, int], ...]:
    """The countries that a workspace in `timezone` sells to, each with its weight."""
    if timezone.startswith("America/"):
        return ((AMERICA, 1),)
    return ((GERMANY, 12), (BRITAIN, 3), (FRANCE, 3), (SWEDEN, 2))

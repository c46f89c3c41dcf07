"""A sentence of the audit log."""

from dataclasses import dataclass

from webapp.words.isolation import bare


@dataclass(frozen=True)
class Told:
    """A sentence. `link` is the part that leads to what the event was about; empty where nothing does."""

    before: str
    link: str = ""
    after: str = ""

    @property
    def text(self) -> str:
        """The sentence without signs of isolation."""
        return bare(f"{self.before}{self.link}{self.after}")

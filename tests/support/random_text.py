"""Random Unicode text, the same in each run; with EXAMPLES in the environment, so much of it."""

import os
import random
import unicodedata

EXAMPLES = os.environ.get("EXAMPLES")


class Texts:
    """Makes the texts of one test."""

    def __init__(self, seed: int = 20261126) -> None:
        self._dice = random.Random(seed)

    def text(self, longest: int = 20) -> str:
        """Up to `longest` characters of all planes, of no category that a name cannot have."""
        dice = self._dice
        drawn = (chr(dice.choice((dice.randrange(0x250), dice.randrange(0x110000)))) for _ in range(longest))
        fit = [character for character in drawn if unicodedata.category(character) not in ("Cc", "Cs")]
        return "".join(fit[: dice.randrange(longest)])

    def address(self) -> str:
        """Two such texts with an @ between, or before a plain domain."""
        return f"{self.text(8)}@{self._dice.choice((self.text(8), 'example.com'))}"


def how_many(usually: int) -> int:
    """How many examples a test tries."""
    return int(EXAMPLES) if EXAMPLES else usually

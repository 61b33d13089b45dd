"""What all terms share: the law of one jurisdiction, which rules ask through them."""

from services.compliance.law.law import Law
from services.compliance.law.working_days import Calendar


class Terms:
    """The law as it holds in a jurisdiction."""

    def __init__(self, law: Law, jurisdiction: str) -> None:
        self._law = law
        self.jurisdiction = jurisdiction

    @property
    def calendar(self) -> Calendar:
        """The working days, as far as they are known."""
        return self._law.calendar

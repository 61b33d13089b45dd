"""Dossiers as they were written last, kept so that they need not be read and decoded again.

A dossier is good as long as its row has the version that it was written with: whoever writes a row
moves that. It is taken out while it is judged, and kept again only once that is committed; what
comes to nothing is forgotten with all that was changed in it.
"""

from collections import OrderedDict
from collections.abc import Iterable

from services.compliance.judging.dossier import Dossier
from services.compliance.judging.subjects import Subject
from services.compliance.judging.upshot import Upshot

AT_MOST = 5 * 2**20
"""Bytes, as stored, of the dossiers that are kept: some six times as many in memory."""

LARGEST = AT_MOST // 16
"""Bytes of a dossier that is too large to be kept: it would take the place of thousands."""


class HotDossiers:
    """The dossiers written last; where they are too many, those written longest ago are let go."""

    def __init__(self, at_most: int = AT_MOST) -> None:
        self._at_most = at_most
        # A plain dict walks over all that was taken from its front, each time that it is asked for
        # what comes first.
        self._held: OrderedDict[Subject, Dossier] = OrderedDict()
        self._bytes = 0

    def take(self, subjects: Iterable[Subject]) -> dict[Subject, Dossier]:
        """Take out those that are kept of some dossiers."""
        taken: dict[Subject, Dossier] = {}
        for subject in subjects:
            dossier = self._held.pop(subject, None)
            if dossier is not None:
                taken[subject] = dossier
                self._bytes -= dossier.size
        return taken

    def keep(self, judged: Upshot) -> None:
        """Keep the dossiers of a round as they were committed, but those that were set aside."""
        for subject, dossier in judged.dossiers.items():
            dossier.be_stored()
            if dossier.judgement.aside or dossier.unread is not None or dossier.size > LARGEST:
                continue
            self._held[subject] = dossier
            self._bytes += dossier.size
        while self._bytes > self._at_most:
            _, oldest = self._held.popitem(last=False)
            self._bytes -= oldest.size

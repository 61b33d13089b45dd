from services.compliance.law.commitment_terms import CommitmentTerms
from services.compliance.law.product_terms import ProductTerms
from tests.support.builders import law_of


def test_rules_ask_the_working_days_of_the_law_through_their_terms() -> None:
    law = law_of()
    for terms in (ProductTerms(law, "cn-sx", "P1"), CommitmentTerms(law, "cn-sx", "H1", "P1")):
        assert terms.calendar is law.calendar

from services.compliance.law.product_terms import ProductTerms
from tests.support.builders import an_event, law_of


def test_only_selected_products_have_policies_that_gather() -> None:
    law = law_of(an_event("product.selected"), an_event("hospital.enrolled"))
    assert [policy.id for policy in ProductTerms(law, "cn-sx", "P1").policies("coverage-gap")] == [
        "cn-sx-2021-22"
    ]
    assert ProductTerms(law, "scms", "P1").policies("late-delivery") == []
    assert ProductTerms(law, "cn-sx", "P1").known
    assert not ProductTerms(law, "cn-sx", "P2").known

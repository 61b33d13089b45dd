from services.compliance.web.console.following import Follow, of_list


def test_a_list_hears_what_its_filters_choose_on_any_of_its_pages() -> None:
    asked = [("rule", "price"), ("rule", "late-delivery"), ("page_token", "x"), ("page_size", "9")]
    followed = Follow("/v1/stream?rule=price&rule=late-delivery", "p0-7")
    assert of_list(asked, "p0-7") == followed


def test_what_changes_cannot_be_chosen_by_is_not_followed_and_neither_is_what_is_not_told() -> None:
    assert of_list([("assignee", "person:liwj")], "p0-7") is None
    assert of_list([("as_of", "2022-04-01T00:00:00Z")], "p0-7") is None
    assert of_list([("rule", "price")], None) is None

"""The demo's e-mail addresses, as a firm gives them out."""

from webapp.demo.people import Addresses


def test_the_first_free_wish_is_granted() -> None:
    addresses = Addresses()

    assert addresses.new("inn.example", "anna", "anna.becker") == "anna@inn.example"
    assert addresses.new("inn.example", "anna", "anna.maier") == "anna.maier@inn.example"


def test_only_who_shares_the_whole_name_gets_a_number() -> None:
    addresses = Addresses()
    given = [addresses.new("inn.example", "anna", "anna.becker") for _ in range(4)]

    assert given == [
        "anna@inn.example",
        "anna.becker@inn.example",
        "anna.becker2@inn.example",
        "anna.becker3@inn.example",
    ]
    assert addresses.new("post.example", "anna") == "anna@post.example"


def test_what_others_have_is_not_given_out() -> None:
    addresses = Addresses()
    addresses.mark_used(["anna@inn.example", "anna2@inn.example"])

    assert addresses.new("inn.example", "anna") == "anna3@inn.example"

"""The demo's e-mail addresses, as a firm would assign them."""

from webapp.demo.people import Addresses


def test_the_first_free_address_is_used() -> None:
    addresses = Addresses()

    assert addresses.new("inn.example", "anna", "anna.becker") == "anna@inn.example"
    assert addresses.new("inn.example", "anna", "anna.maier") == "anna.maier@inn.example"


def test_only_a_contact_with_the_same_full_name_gets_a_number() -> None:
    addresses = Addresses()
    given = [addresses.new("inn.example", "anna", "anna.becker") for _ in range(4)]

    assert given == [
        "anna@inn.example",
        "anna.becker@inn.example",
        "anna.becker2@inn.example",
        "anna.becker3@inn.example",
    ]
    assert addresses.new("post.example", "anna") == "anna@post.example"


def test_addresses_in_use_are_not_given_out() -> None:
    addresses = Addresses()
    addresses.mark_used(["anna@inn.example", "anna2@inn.example"])

    assert addresses.new("inn.example", "anna") == "anna3@inn.example"

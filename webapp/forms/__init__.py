"""The forms that a person fills in."""

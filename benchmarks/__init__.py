"""`make bench`: how fast the app is, each figure beside its goal."""

"""`make bench`: how fast the app is, each figure beside its goal and measured against something in the same run."""

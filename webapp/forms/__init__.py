"""Forms with their validation."""

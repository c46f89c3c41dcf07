"""What users, the worker and its failures do: each act is done in the database and in the model."""

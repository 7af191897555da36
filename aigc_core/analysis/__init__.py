"""Pure functions from records to records; no model, no picture."""

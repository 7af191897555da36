"""Tools for those who work on Glassbox; the app itself needs none of them."""

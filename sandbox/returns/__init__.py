"""Watches for views that come back, and shows how alike then and now are."""

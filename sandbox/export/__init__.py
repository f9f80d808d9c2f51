"""Exports: recordings as videos, animations, pictures, contact sheets and pages."""

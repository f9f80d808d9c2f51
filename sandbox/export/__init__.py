"""Exports: recordings as videos, animations, pictures, contact sheets and reports.

Imports nothing heavy; `exporter.export` does the work.
"""

from mag_sandbox.sandbox.export.options import FORMATS, ExportError, ExportOptions, Format, Progress

__all__ = ["FORMATS", "ExportError", "ExportOptions", "Format", "Progress"]

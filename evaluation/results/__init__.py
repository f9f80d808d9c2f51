"""What all measurements share: stored results, intervals, provenance, progress, videos."""

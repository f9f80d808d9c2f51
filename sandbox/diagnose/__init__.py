"""Measurements of this machine: doctor, bench, and a picture of every screen."""

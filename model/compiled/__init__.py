"""Networks as graphs that OpenVINO compiles: written, rounded to int8, and kept on disk."""

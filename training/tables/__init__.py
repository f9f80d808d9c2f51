"""The paper's tables 3 and 4 in small."""

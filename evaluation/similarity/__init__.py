"""What came back, and how alike it is: the parts of evaluation that the game uses, too."""

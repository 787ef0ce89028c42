"""What a run looked like: `report.html`, two runs side by side, and their tables as CSV."""

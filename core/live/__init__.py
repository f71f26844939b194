"""Live updates: what has changed, told to the tabs that show it; never the content itself."""

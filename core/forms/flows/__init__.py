"""Forms that are gone through page by page: buttons lead on, open other forms, set, run and end."""

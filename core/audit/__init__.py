"""Who changed what, with before and after: for administrators and for the vendor."""

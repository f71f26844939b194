"""Dispositions: the coded outcomes of contacts, in a list for each queue or one for all."""

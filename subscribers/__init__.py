"""People and lists: who gets what, with whose consent. Knows nothing of newsletters' contents."""

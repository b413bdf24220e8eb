"""The pages of subscribers and editors, and the API: the only room that imports the web framework."""

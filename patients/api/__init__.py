"""The API of the patients room: the same services as the pages, the same walls between roles."""

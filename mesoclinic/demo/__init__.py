"""Two invented clinics with a past and a future, so that every page has something to show."""

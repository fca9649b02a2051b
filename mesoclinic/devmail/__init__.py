"""A web page for the mail that `make run` catches. Routed only where MAIL_INBOX_DIR is set."""

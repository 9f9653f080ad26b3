"""The whole program against a DNS that fails, lies or is set up wrongly."""

"""Real servers on loopback for the tests: NSD, unbound, Postfix, Dovecot. Nothing here is imported by the program."""

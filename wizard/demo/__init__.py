"""An embedded lab on loopback for `sendready demo`: a name server, a mail server and two customers. No root, no network."""

"""What is known about sending mail: evidence, rules, tables. Usable with no terminal; the doors are checks.engine and checks.catalogue."""

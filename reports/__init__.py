"""Turns a report into what people and machines read. Its single input is report.json."""

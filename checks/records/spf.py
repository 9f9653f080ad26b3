"""SPF record text (RFC 7208 section 4.6.1) -> terms with positions. Pure and total; evaluation is checks.records.spf_door."""


def is_spf(text: str) -> bool:
    """Tell whether a TXT record is an SPF record: the version is the whole text or is followed by a space (RFC 7208 section 4.5)."""
    return text[:6].lower() == "v=spf1" and (len(text) == 6 or text[6] == " ")

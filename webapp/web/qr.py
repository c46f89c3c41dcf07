"""QR codes, drawn by segno."""


def qr_code(text: str) -> str:
    """The QR code of a text, as a `data:` address for an image: our policy allows no other place. It has its
    own white ground, because a camera reads no light code on a dark page."""
    # Here, because importing it takes a tenth of a second, which each start of the app would.
    import segno

    code = segno.make_qr(text, error="m")
    return code.svg_data_uri(scale=5, border=4, dark="#000", light="#fff", omitsize=False)

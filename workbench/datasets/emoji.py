"""Emoji with their English words, and a picture of each from the Noto Color Emoji font."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.datasets.tables import Record
from workbench.errors import MissingDependency

if TYPE_CHECKING:
    from PIL import Image, ImageFont

PACKAGE = "emojibase-data@17.0.0"
FONT_PACKAGE = "fonts-noto-color-emoji"
FONT = "usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"

# The font holds bitmaps of one size: 136 x 128 pixels, which FreeType offers as size 109.
FONT_SIZE, GLYPH_WIDTH, GLYPH_HEIGHT = 109, 136, 128
# 1,899 pictures of 64 pixels are 2.6 MB so, 3.6 MB with exact transparency, 3.4 MB as 48-pixel palette PNG.
PICTURE_PX, WEBP_QUALITY, WEBP_ALPHA_QUALITY = 64, 70, 50

FIELDS = {
    "emoji": "the character or sequence itself",
    "label": "English name in Unicode's CLDR",
    "tags": "list of English keywords",
    "group": "one of 9 groups, such as food-drink",
    "subgroup": "one of 98 subgroups, such as food-fruit",
    "version": "Emoji version that brought it",
    "hexcode": "code points in hexadecimal",
    "text": "label and tags in one line: the column to embed",
}


def read(root: Path) -> list[Record]:
    """Return the records of an unpacked emojibase package, in Unicode's order.

    The group of components (bare skin tones and hair) is left out: nobody sends those alone.
    """
    emoji = json.loads((root / "en/data.json").read_text(encoding="utf-8"))
    groups = json.loads((root / "meta/groups.json").read_text(encoding="utf-8"))
    listed = sorted((e for e in emoji if "group" in e), key=lambda e: int(e["order"]))
    return [row for row in (record(e, groups) for e in listed) if row["group"] != "component"]


def record(emoji: Record, groups: Record) -> Record:
    """Turn one emoji of the package into a record."""
    return {
        "emoji": emoji["emoji"],
        "label": emoji["label"],
        "tags": emoji["tags"],
        "group": groups["groups"][str(emoji["group"])],
        "subgroup": groups["subgroups"][str(emoji["subgroup"])],
        "version": float(emoji["version"]),
        "hexcode": emoji["hexcode"],
        "text": f"{emoji['label']}: {', '.join(emoji['tags'])}",
    }


def draw(records: list[Record], font_file: Path) -> dict[str, bytes]:
    """Return the WebP picture of each emoji that the font has, by hexcode.

    Raises
    ------
    MissingDependency
        Pillow is missing, or came without Raqm, which joins the characters of a sequence into one glyph.
    """
    try:
        from PIL import ImageFont, features
    except ImportError as error:
        raise MissingDependency("Pillow is needed to draw the emoji: pip install pillow") from error
    if not features.check("raqm"):
        raise MissingDependency(
            "Pillow was built without Raqm; install its official wheel: pip install pillow"
        )
    font = ImageFont.truetype(str(font_file), FONT_SIZE, layout_engine=ImageFont.Layout.RAQM)
    missing = glyph(font, "\U0010fffd").tobytes()  # a private character, which no font of emoji has
    pictures = {}
    for row in records:
        image = glyph(font, row["emoji"])
        if font.getlength(row["emoji"]) <= GLYPH_WIDTH and image.tobytes() != missing and image.getbbox():
            pictures[row["hexcode"]] = webp(image)
    return pictures


def glyph(font: ImageFont.FreeTypeFont, text: str) -> Image.Image:
    """Draw a text in color on a transparent picture of one glyph's size."""
    from PIL import Image, ImageDraw

    image = Image.new("RGBA", (GLYPH_WIDTH, GLYPH_HEIGHT))
    ImageDraw.Draw(image).text((0, GLYPH_HEIGHT), text, font=font, embedded_color=True, anchor="ld")
    return image


def webp(image: Image.Image) -> bytes:
    """Scale a picture to ``PICTURE_PX`` in a square and compress it."""
    from PIL import Image

    square = Image.new("RGBA", (GLYPH_WIDTH, GLYPH_WIDTH))
    square.paste(image, (0, (GLYPH_WIDTH - GLYPH_HEIGHT) // 2))
    stream = io.BytesIO()
    small = square.resize((PICTURE_PX, PICTURE_PX), Image.Resampling.LANCZOS)
    small.save(stream, "WEBP", quality=WEBP_QUALITY, alpha_quality=WEBP_ALPHA_QUALITY, method=6)
    return stream.getvalue()


def pack(path: Path, pictures: dict[str, bytes]) -> None:
    """Write pictures into one zip file, ``HEXCODE.webp`` each; equal pictures make equal bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for hexcode, picture in pictures.items():
            archive.writestr(zipfile.ZipInfo(f"{hexcode}.webp"), picture)

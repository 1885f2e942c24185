"""Location names as field staff type them: network codes, odd separators, copy-paste residue.

The styles are those of the noise table that the geocoder's name cleaning is tested with.
"""

from random import Random

_COMMON_STYLES = (
    "{area}",
    "NW_{area}_FDT{number}",
    "ADR_MNT_{area}_SDUS",
    "{area} FDT {number}",
    "FDT{number:02}-{area}-SDU",
    "GPON_OLT2_{area}_FAT{number}",
)
_RARE_STYLES = (
    "NW_ADR_MNT_{area}_FDT{number}",
    "NW_{upper}",
    "NW-{upper}-FDT{number}A",
    "nw_{lower}_fdt-{number}_sdus",
    "GPON_OLT2_PON{port}_{area}",
    "NW_{upper}_FAT{number}",
    "{hyphens}_ODB{number}",
    "PORT {port} {area} FDT{number}",
    "RING2_{area}_AGG1",
    "{area}_ADR",
    "NW_{upper}__FDT_{number}__",
    "  NW_{upper} \t FDT{number} ",
    "NW_{upper}\nFDT{number}",
    "NW_{area}\N{ZERO WIDTH SPACE}_FDT{number}",
    "\N{FULLWIDTH LATIN CAPITAL LETTER N}\N{FULLWIDTH LATIN CAPITAL LETTER W}_{area}_FDT{number}",
    "{curly} / {area} FDT{number}",
    "NRB{number:04}_{area}_1:8",
    "0/1/{port} {area} ONT{number}",
    "{area} [NW] (SDU)",
    "SDUS_{area}_FDT{number}",
    "MDU-{area}-BLOCK B",
    "FAT {port} {area} Gate C",
    "SPLITTER {port} {area}",
    "{area}, Block {number}",
)
_NAMELESS = ("NW_", "FDT{number}", "ADR_MNT_SDUS", "", "12345", "CBD")
_RARE_SHARE = 0.35
_NAMELESS_SHARE = 0.04


def location_name(area: str, dice: Random) -> str:
    """Write `area` down in one of the noisy styles; a few names hold no place at all."""
    return _style(dice).format(
        area=area,
        upper=area.upper(),
        lower=area.lower(),
        hyphens=area.replace(" ", "-"),
        curly=area.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}"),
        number=dice.randint(1, 31),
        port=dice.randint(1, 8),
    )


def _style(dice: Random) -> str:
    roll = dice.random()
    if roll < _NAMELESS_SHARE:
        return dice.choice(_NAMELESS)
    if roll < _NAMELESS_SHARE + _RARE_SHARE:
        return dice.choice(_RARE_STYLES)
    return dice.choice(_COMMON_STYLES)

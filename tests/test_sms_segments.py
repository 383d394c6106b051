"""C3.3 counts what is billed: the segments of a message, against the standard and against calculators in use.

The rule is 3GPP's. TS 23.038 clause 6.2.1 has the default alphabet and its extension table, whose characters are an
escape and a second septet. TS 23.040 has the sizes: a message alone holds 140 octets, which are 160 septets or 70 units
of UCS2; where it is one of several, clause 9.2.3.24.1 leaves 153 (160 - 7) or 67 ((140 - 6) / 2), "a character
represented by an escape-sequence shall not be split in the middle", and neither shall a UCS2 character. UCS2 knows no
surrogates; what is sent is UTF-16, and a pair is one character that stays whole, as every calculator below has it.

Each vector says where its figure is from:

T  TwilioDevEd/message-segment-calculator, tests/index.test.js and tests/segments.test.js (npm sms-segments-calculator);
S  Codesleuth/split-sms, test/testdata/gsm.test.json and unicode.test.json;
P  phlib/sms-length, tests/SmsLengthTest.php;
I  instasent/sms-counter-php, Tests/SMSCounterTest.php;
R  the rule, by the arithmetic that stands there.

T 1.3.0 and S 0.1.7, as npm has them, were run on every vector and say the same, but where the vector says "not". What
P and I come to is from their sources. Where they differ, 3GPP is followed:

- No text at all is a message still: by clause 9.2.3.16 the length of the user data may be zero, and the field is then
  absent; such a message goes out and is billed. T, S and P say 1; I, which divides and rounds up, comes to 0.
- T keeps together what a reader sees as one character: flags, families, letters with their marks. 3GPP keeps escapes
  and characters whole and no more, so that T finds more segments where such a cluster lies across a border.
- I divides the length by 153 and lets an escape be cut. P moves it, but looks for the borders where they would be had
  nothing moved before, and so misses every second one of many.
- Septet 0x09 is the capital Ç. The mapping of Unicode (GSM0338.TXT) makes it the small one; T, S, P and I do not.
- With references of 16 bits (clause 9.2.3.24.8) the header is an octet longer and a segment holds 152 or 66. None of
  them counts with these, nor with national tables (a Portuguese ç), which the network has to know.

More than 255 segments can't be sent as one message (39,015 septets); they are counted all the same, and a policy, whose
limit is at most 255, refuses them.
"""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from expense_policy.domain.categories.sms import segments

# TS 23.038, the default alphabet by its codes 0x00 to 0x7F, and the second septets of the extension table.
ESCAPE = 0x1B
ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65
}  # fmt: skip
SEPTETS = {char: bytes([code]) for code, char in enumerate(ALPHABET) if code != ESCAPE}
SEPTETS |= {char: bytes([ESCAPE, code]) for char, code in EXTENSION.items()}
NINE = "|^€{}[~]\\"

FAMILY = "👨\u200d👩\u200d👧\u200d👦"  # Eleven units: four pairs and three joiners.
RAINBOW = "🏳\ufe0f\u200d🌈"  # Six units.
ITALY, CHINA = "🇮🇹", "🇨🇳"  # Two pairs each.
THUMB = "👍🏽"  # A thumb and its colour, two pairs.
ACUTE = "e\u0301"  # Two units, and é by its looks.
ADVERT = "【春风家居】尊敬的会员，本周六10:00起全场8折，到店有礼，回T退订"

# What it is and where the figure is from: the text and its segments.
VECTORS = {
    "T, S, P, not I (0): nothing": ("", 1),
    "R: one letter": ("a", 1),
    # The alphabet: 160 alone, 153 among others.
    "T, S: 160 septets": ("a" * 160, 1),
    "T, S: 161 septets": ("a" * 161, 2),
    "I: 170 septets": ("1234567890" * 17, 2),
    "S: 306 septets, two full segments": ("a" * 306, 2),
    "T, S: 307 septets": ("a" * 307, 3),
    "R: 459 septets, three full segments": ("a" * 459, 3),
    "R: 460 septets": ("a" * 460, 4),
    "P: 500 septets": ("a" * 500, 4),
    "P: 1377 septets, nine full segments": ("a" * 1377, 9),
    "R: 39,015 septets, the most that can be sent": ("a" * 39_015, 255),
    "R: 39,016 septets": ("a" * 39_016, 256),
    "P: the whole alphabet, 127 septets": ("".join(SEPTETS.keys() - EXTENSION.keys()), 1),
    "R: Greek capitals and accents, 160": ("ΔΦΓΛΩΠΨΣΘΞèéùìòå" * 10, 1),
    "R: and one more": ("ΔΦΓΛΩΠΨΣΘΞèéùìòå" * 10 + "Ω", 2),
    "R: capital Ç is in it": ("Ç" * 160, 1),
    "R: 161 capitals Ç": ("Ç" * 161, 2),
    "R: composed é is in it": ("é" * 160, 1),
    "R: 161 composed é": ("é" * 161, 2),
    "I: line feed and carriage return": ("\n\r", 1),
    "R: 160 line feeds": ("\n" * 160, 1),
    "R: 161 line feeds": ("\n" * 161, 2),
    "R: 80 times carriage return and line feed": ("\r\n" * 80, 1),
    "R: 161 carriage returns": ("\r" * 161, 2),
    # An extension character is two septets, and one segment's.
    "S: 159 letters and a euro, 161 septets": ("a" * 159 + "€", 2),
    "R: 158 letters and a euro, 160 septets": ("a" * 158 + "€", 1),
    "P: all nine, 18 septets": (NINE, 1),
    "S: 80 of them, 160 septets": ((NINE * 9)[:80], 1),
    "R: 81 of them, 162 septets": (NINE * 9, 2),
    "R: 152, 76 euros to a segment": ("€" * 152, 2),
    "R: 153, 306 septets: a septet of each segment is lost": ("€" * 153, 3),
    "P: 360 of them, 76 to a segment": (NINE * 40, 5),
    "P: 684 of them, nine segments of 76": (NINE * 76, 9),
    "R, not P (9): 685 of them": (NINE * 76 + "^", 10),
    "R, not P (256): 19,512 of them": (NINE * 2168, 257),
    "S: the border cuts it, 152 + (2 + 7)": ("a" * 152 + "€" + "a" * 7, 2),
    "R: 152 + (2 + 151), 305 septets": ("a" * 152 + "[" + "a" * 151, 2),
    "P, not I (2): 152 + (2 + 151) + 1, 306 septets": ("a" * 152 + "[" + "a" * 152, 3),
    "R: it ends at the border, (151 + 2) + 153": ("a" * 151 + "~" + "a" * 153, 2),
    "R: it begins at the border, 153 + (2 + 151)": ("a" * 153 + "~" + "a" * 151, 2),
    "R: two borders cut one, 152 + (2 + 150) + (2 + 151)": ("a" * 152 + "{" + "a" * 150 + "}" + "a" * 151, 3),
    "R: 152 + (2 + 150) + (2 + 151) + 1, 458 septets": ("a" * 152 + "{" + "a" * 150 + "}" + "a" * 152, 4),
    "R: 80 form feeds, 160 septets": ("\f" * 80, 1),
    "R: 81 form feeds": ("\f" * 81, 2),
    # One character outside, and all of it is UCS2: 70 alone, 67 among others.
    "S: 70 units": ("☃" * 70, 1),
    "S: 71 units": ("☃" * 71, 2),
    "R: 70 Chinese": ("春" * 70, 1),
    "R: 71 Chinese": ("春" * 71, 2),
    "R: 134, two full segments": ("春" * 134, 2),
    "R: 135": ("春" * 135, 3),
    "R: 201, three full segments": ("春" * 201, 3),
    "R: 202": ("春" * 202, 4),
    "P: 340 units": ("simple msg plus •" * 20, 6),
    "P: 603 units, nine full segments": ("exact•max" * 67, 9),
    "R: 17,085 units, the most that can be sent": ("春" * 17_085, 255),
    "P: 17,102 units": ("simple msg plus •" * 1006, 256),
    "R: an advertisement twice, 70 units": (ADVERT * 2, 1),
    "R: and a full stop": (ADVERT * 2 + "。", 2),
    "R: 69 letters and a Chinese": ("a" * 69 + "春", 1),
    "R: 70 letters and a Chinese": ("a" * 70 + "春", 2),
    "R: 160 letters and a Chinese, 67 + 67 + 27": ("a" * 160 + "春", 3),
    "R: a Chinese before 134 letters, 67 + 67 + 1": ("春" + "a" * 134, 3),
    "R: a euro is one unit there, 70": ("€" * 69 + "春", 1),
    "R: 71": ("€" * 70 + "春", 2),
    "T: an emoji and 68 brackets, 70 units": ("😀" + "]" * 68, 1),
    "T: an emoji and 69 brackets": ("😀" + "]" * 69, 2),
    "I: a backtick": ("`", 1),
    "R: a backtick and 69, 70 units": ("`" + "1" * 69, 1),
    "I: a backtick and 70": ("`" + "1" * 70, 2),
    "R: a tab and 69, 70 units": ("\t" + "1" * 69, 1),
    "R: a tab and 70": ("\t" + "1" * 70, 2),
    "T: 70 small ç": ("ç" * 70, 1),
    "T: 71 small ç": ("ç" * 71, 2),
    "T: 71 capitals Á": ("Á" * 71, 2),
    "R: 70 small Greek": ("ω" * 70, 1),
    "R: 71 small Greek": ("ω" * 71, 2),
    "R: 71 capitals Alpha, which is no A": ("Α" * 71, 2),
    "R: the Ohm sign, which is no Ω": ("\u2126" + "a" * 70, 2),
    "R: a curly apostrophe in 160, 67 + 67 + 26": ("a" * 159 + "’", 3),
    "R: a space that does not break, 71": ("\u00a0" + "a" * 70, 2),
    # A pair is two units, and one segment's.
    "S: a whale, a snowman, a whale": ("🐳☃🐳", 1),
    "S: 35 whales, 70 units": ("🐳" * 35, 1),
    "R: 36 whales, 66 + 6": ("🐳" * 36, 2),
    "S: snowmen and whales, 70 units": ("☃🐳" * 23 + "☃", 1),
    "R: 47 and one more": ("☃🐳" * 23 + "☃☃", 2),
    "T: an emoji and 68": ("😜" + "2" * 68, 1),
    "T: an emoji and 69": ("😜" + "2" * 69, 2),
    "R: an emoji and 132, two full segments": ("😜" + "2" * 132, 2),
    "T: an emoji and 133": ("😜" + "2" * 133, 3),
    "R: 68 and an emoji, 70 units": ("春" * 68 + "😀", 1),
    "R: 69 and an emoji, 71 units": ("春" * 69 + "😀", 2),
    "S: the border cuts it, 66 + (2 + 3)": ("☃" * 66 + "🐳" + "☃" * 3, 2),
    "R: 66 + (2 + 65), 133 units": ("春" * 66 + "😀" + "春" * 65, 2),
    "R: 66 + (2 + 65) + 1, 134 units": ("春" * 66 + "😀" + "春" * 66, 3),
    "R: it ends at the border, (65 + 2) + 67": ("春" * 65 + "😀" + "春" * 67, 2),
    "R: it begins at the border, 67 + (2 + 65)": ("春" * 67 + "😀" + "春" * 65, 2),
    "R: 66 globes, 66 + 66 units": ("🌐" * 66, 2),
    "P: 67 globes, 134 units": ("🌐" * 67, 3),
    "R: 𠮷, a Chinese beyond the first plane, 35": ("𠮷" * 35, 1),
    "R: 36 of it": ("𠮷" * 36, 2),
    # Clusters: flags, families, colours, marks.
    "T: a flag and 66, 70 units": (ITALY + "2" * 66, 1),
    "T: a flag and 67": (ITALY + "2" * 67, 2),
    "T: a rainbow flag and 64, 70 units": (RAINBOW + "2" * 64, 1),
    "T: a rainbow flag and 65": (RAINBOW + "2" * 65, 2),
    "R: 17 flags, 68 units": (CHINA * 17, 1),
    "R: 18 flags, 72 units": (CHINA * 18, 2),
    "R, not T (3): 33 flags, 66 + 66 units": (CHINA * 33, 2),
    "R, not T (3): and one more, 66 + 67": (CHINA * 33 + "春", 2),
    "R: and another, 66 + 67 + 1": (CHINA * 33 + "春春", 3),
    "R: six families and four, 70 units": (FAMILY * 6 + "春" * 4, 1),
    "R: seven families, 77 units": (FAMILY * 7, 2),
    "R, not T (3): the border cuts a family, (61 + 6) + (5 + 62)": ("春" * 61 + FAMILY + "春" * 62, 2),
    "R: 17 thumbs and two, 70 units": (THUMB * 17 + "ok", 1),
    "R: 18 thumbs, 72 units": (THUMB * 18, 2),
    "R: e and its accent, 35 times": (ACUTE * 35, 1),
    "R: 36 times": (ACUTE * 36, 2),
    "R, not T (3): the border cuts an accent off, (66 + 1) + (1 + 66)": ("春" * 66 + ACUTE + "春" * 66, 2),
    "T: an é with three marks and 66, 70 units": (ACUTE + "\u0301" * 2 + "a" * 66, 1),
    "T: an é with three marks and 67": (ACUTE + "\u0301" * 2 + "a" * 67, 2),
}


@pytest.mark.clause("C3.3")
@pytest.mark.parametrize("name", VECTORS)
def test_the_vectors(name: str) -> None:
    """A message is billed by the segments that the standard, and whoever counts by it, finds."""
    text, count = VECTORS[name]
    assert segments(text) == count


@pytest.mark.clause("C3.3")
def test_every_character_of_the_first_plane() -> None:
    """Each character is one septet, two, or outside, as TS 23.038 has it, and nothing else is."""
    assert len(ALPHABET) == 128
    assert len(SEPTETS) == 137
    assert all(ord(char) == code for code, char in enumerate(ALPHABET) if char.isascii() and char.isalnum())
    for char in map(chr, range(0x10000)):
        if "\ud800" <= char <= "\udfff":
            continue
        size = len(SEPTETS.get(char, b""))
        # Of 158 and this one: in the alphabet 159 or 160 septets, else 159 units.
        assert segments(char + "1" * 158) == (1 if size else 3), f"U+{ord(char):04X}"
        assert not size or segments(char + "1" * 159) == size, f"U+{ord(char):04X}"


def _encoded(text: str) -> tuple[bytes, int, int, int]:
    """The user data as it is sent, unpacked: its octets, octets to a unit, units alone and among others."""
    if SEPTETS.keys() >= set(text):
        return b"".join(SEPTETS[char] for char in text), 1, 160, 153
    return text.encode("utf-16-be"), 2, 70, 67


def _read(part: bytes, unit: int) -> str:
    """What a phone makes of one segment alone; half a character is an error."""
    if unit == 2:
        return part.decode("utf-16-be")
    back = {code: char for char, code in SEPTETS.items()}
    text, rest = "", part
    while rest:
        size = 2 if rest[0] == ESCAPE else 1
        text, rest = text + back[rest[:size]], rest[size:]
    return text


def _cut(text: str) -> list[bytes]:
    """The segments, cut from the octets at the border, or before it where it would halve a character."""
    rest, unit, alone, among = _encoded(text)
    if len(rest) <= alone * unit:
        return [rest]
    parts = []
    while rest:
        end = among * unit
        if end < len(rest) and (rest[end - 1] == ESCAPE if unit == 1 else 0xD8 <= rest[end - 2] <= 0xDB):
            end -= unit
        parts.append(rest[:end])
        rest = rest[end:]
    return parts


def _fewest(text: str) -> int:
    """The fewest segments that any division of the text between its characters has, all of them tried."""
    whole, unit, alone, among = _encoded(text)
    if len(whole) <= alone * unit:
        return 1
    sizes = [len(SEPTETS[char]) if unit == 1 else len(char.encode("utf-16-be")) // 2 for char in text]
    best = [0]
    for end in range(1, len(text) + 1):
        start, used, found = end, 0, len(text)
        while start and used + sizes[start - 1] <= among:
            start -= 1
            used += sizes[start]
            found = min(found, best[start] + 1)
        best.append(found)
    return best[-1]


# Runs of one piece, as long as brings the border near.
NEAR = st.sampled_from([1, 2, 65, 66, 67, 68, 69, 70, 76, 80, 150, 151, 152, 153, 158, 159, 160]) | st.integers(1, 12)
IN = st.sampled_from(["a", "é", "Ω", "\n", "€", "[", "\\", "\f"])
OUT = st.sampled_from(["春", "😀", "𠮷", "\t", "ç", "\u0301", "\u200d", CHINA, FAMILY, THUMB, ACUTE])


def _runs(pieces: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    runs = st.lists(st.tuples(pieces, NEAR), max_size=6)
    return runs.map(lambda found: "".join(piece * n for piece, n in found)[:700])


def _at_border(text: str, segment: int, beyond: int) -> str:
    """The text after as many letters as bring its end to the border of that segment."""
    octets, unit, alone, among = _encoded(text)
    border = alone if segment == 1 else among * segment
    return "a" * (border + beyond - len(octets) // unit) + text


RUNS = _runs(IN) | _runs(IN | OUT)
BORDERS = st.builds(_at_border, RUNS, st.integers(1, 4), st.integers(-1, 1))
TEXTS = RUNS | BORDERS | st.text(st.characters(exclude_categories=["Cs"]), max_size=160)


@pytest.mark.clause("C3.3")
@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_there_are_as_many_as_can_be_made(text: str) -> None:
    """The segments are made, not counted: each fits, is full, reads alone, and together they are the text."""
    _, unit, alone, among = _encoded(text)
    parts = _cut(text)
    assert segments(text) == len(parts)
    assert all(len(part) <= (alone if len(parts) == 1 else among) * unit for part in parts)
    # Nothing is left free but the unit that half a character would have had.
    assert all(len(part) >= (among - 1) * unit for part in parts[:-1])
    assert "".join(_read(part, unit) for part in parts) == text


@pytest.mark.clause("C3.3")
@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_there_are_no_more_than_need_be(text: str) -> None:
    """No other division of the message has fewer segments."""
    assert segments(text) == _fewest(text)


@pytest.mark.clause("C3.3")
@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_a_short_message_is_one(text: str) -> None:
    """One segment is billed exactly where 140 octets hold the message."""
    octets = -(-len(_encoded(text)[0]) * 7 // 8) if SEPTETS.keys() >= set(text) else len(text.encode("utf-16-be"))
    assert (segments(text) == 1) == (octets <= 140)


@pytest.mark.clause("C3.3")
@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS)
@example("€" * 80, "春")
@example("€" * 153, "春")
def test_more_text_is_no_fewer_segments(text: str, more: str) -> None:
    """What is added makes a message no cheaper, not even where it leaves the alphabet and an escape is one unit."""
    assert segments(text) <= segments(text + more)

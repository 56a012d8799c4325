#!/usr/bin/env python3
r"""Draw the output of a command in a terminal as an SVG.

    script -qec "COMMAND" /dev/null | terminal_svg.py TITLE [FIRST LAST]...

Reads what the command printed, with its colours, and writes the SVG to stdout. With numbers, only
these ranges of lines are drawn, with an ellipsis between them. A line that begins with `$ ` is a
command.

host/docs/check-terminal.svg is the output of this command, with the lines 1 to 19, the end of the
failure and the last line, while `ws-echo --no-welcome` runs:

    ws-echo check 'ws://127.0.0.1:3000/test?violate=mask' --section 5 --section 7

host/docs/check-page.png is the page of two clients, the npm package ws and Python's websockets, that
were tested with `ws-echo check --listen 127.0.0.1:9001 --section 5 --html page.html`:

    chromium --headless --hide-scrollbars --window-size=1000,1000 \
        --screenshot=host/docs/check-page.png page.html
"""

import re
import sys
from html import escape

FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
PLAIN, PROMPT = "#d7dce2", "#8cc265"
COLORS = {"31": "#f07a72", "32": "#8cc265", "33": "#e5c07b", "2": "#8b949e", "1": "#ffffff"}
CHARACTER, LINE, MARGIN, TOP = 7.8, 19, 16, 54


def runs(line):
    """The parts of a line that have one colour: (column, colour, text)."""
    color, column, found = PLAIN, 0, []
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if part.startswith("\x1b["):
            color = COLORS.get(part[2:-1], PLAIN)
        elif part:
            found.append((column, color, part))
            column += len(part)
    return found


def drawn(column, y, color, text):
    indent = len(text) - len(text.lstrip())
    text = text.strip()
    if not text:
        return ""
    x = MARGIN + CHARACTER * (column + indent)
    return (
        f'<text style="white-space:pre" x="{x:.1f}" y="{y}" fill="{color}" '
        f'textLength="{CHARACTER * len(text):.1f}" lengthAdjust="spacingAndGlyphs">'
        f"{escape(text)}</text>\n"
    )


title, ranges = sys.argv[1], [int(word) for word in sys.argv[2:]]
text = sys.stdin.read().replace("\r\n", "\n")
# The progress line is written over.
text = re.sub(r"\r\x1b\[K[^\n\r\x1b]*(?=\r|\x1b\[K|\n|$)", "", text)
text = text.replace("\r", "").replace("\x1b[K", "")
lines = text.rstrip("\n").split("\n")
if ranges:
    chosen = []
    for first, last in zip(ranges[::2], ranges[1::2]):
        chosen += (["\x1b[2m…\x1b[0m"] if chosen else []) + lines[first - 1 : last]
    lines = chosen
plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]
width = round(2 * MARGIN + CHARACTER * max(map(len, plain)))
height = TOP + LINE * (len(lines) - 1) + MARGIN
print(
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
    f'height="{height}" role="img" aria-labelledby="title">\n'
    f'<title id="title">{escape(title)}</title>\n'
    f'<rect width="{width}" height="{height}" rx="9" fill="#1b1f24"/>\n'
    f'<path d="M0 30V9a9 9 0 0 1 9-9h{width - 18}a9 9 0 0 1 9 9v21z" fill="#2a2f36"/>\n'
    '<circle cx="18" cy="15" r="5.5" fill="#ec6a5e"/>\n'
    '<circle cx="36" cy="15" r="5.5" fill="#f4bf4f"/>\n'
    f'<circle cx="54" cy="15" r="5.5" fill="#61c554"/>\n<g font-family="{FONT}" font-size="13">'
)
for number, line in enumerate(lines):
    y = TOP + LINE * number
    if line.startswith("$ "):
        print(drawn(0, y, PROMPT, "$") + drawn(2, y, PLAIN, line[2:]), end="")
        continue
    for column, color, part in runs(line):
        print(drawn(column, y, color, part), end="")
print("</g>\n</svg>")

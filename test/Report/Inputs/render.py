"""render.py PAGE.html ...: what a page looks like in headless Chromium.

Prints for each page (the first one also in the dark scheme) facts about its pixels and its layout: a copy of the page gets a script that
measures (the page itself has none). One line per page and scheme.
"""

import collections
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import zlib

# Measures after layout: sideways scrolling of the page, labels that touch, text outside of its box.
PROBE = """<script>
const box = e => e.getBoundingClientRect();
const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
const labels = [...document.querySelectorAll('svg text')].map(box);
let touching = 0, outside = 0;
labels.forEach((a, i) => labels.slice(i + 1).forEach(b => { if (meet(a, b)) ++touching; }));
for (const t of document.querySelectorAll('text.in')) {
  const a = box(t), b = box(t.previousElementSibling);
  if (a.left < b.left || a.right > b.right || a.top < b.top - 1 || a.bottom > b.bottom + 1) ++outside;
}
const root = document.documentElement;
document.body.dataset.facts = JSON.stringify({sideways: root.scrollWidth > root.clientWidth, touching, outside,
  sections: document.querySelectorAll('section').length, rects: document.querySelectorAll('svg rect').length,
  alerts: document.querySelectorAll('img, main script, h1 script').length, height: root.scrollHeight});
</script>"""


def chromium(source, work, *options):
    done = subprocess.run(["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                           "--force-device-scale-factor=1", "--user-data-dir=" + os.path.join(work, "profile"), *options,
                           "file://" + source], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=100)
    return done.stdout


def read_png(path):
    """Width and the pixels of an 8-bit RGB or RGBA image, as (r, g, b) row by row."""
    with open(path, "rb") as source:
        data = source.read()
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        chunk = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, color, _, _, interlaced = struct.unpack(">IIBBBBB", chunk)
            assert depth == 8 and color in (2, 6) and not interlaced
        if kind == b"IDAT":
            packed += chunk
        at += 12 + size
    step = 3 if color == 2 else 4
    raw, rows, before = zlib.decompress(packed), [], bytes(width * step)
    for y in range(height):
        line = raw[y * (width * step + 1):(y + 1) * (width * step + 1)]
        kind, row = line[0], bytearray(line[1:])
        for i in range(len(row)):
            a = row[i - step] if i >= step else 0
            b, c = before[i], before[i - step] if i >= step else 0
            if kind == 1:
                row[i] = (row[i] + a) & 255
            elif kind == 2:
                row[i] = (row[i] + b) & 255
            elif kind == 3:
                row[i] = (row[i] + (a + b) // 2) & 255
            elif kind == 4:
                p, q, r = abs(b - c), abs(a - c), abs(a + b - 2 * c)
                row[i] = (row[i] + (a if p <= q and p <= r else b if q <= r else c)) & 255
        rows.append([tuple(row[i:i + 3]) for i in range(0, len(row), step)])
        before = bytes(row)
    return rows


def get_colors(page):
    """Custom properties of the light and of the dark scheme."""
    light, dark = page.split("prefers-color-scheme: dark", 1)
    find = lambda text: {name: tuple(bytes.fromhex(value)) for name, value in
                         re.findall(r"--([\w-]+): #([0-9a-f]{6})", text.split("* {", 1)[0])}
    return find(light), find(dark)


def get_widest(rows, color):
    """Length of the longest run of a colour in a row of pixels."""
    best = 0
    for row in rows:
        run = 0
        for pixel in row:
            run = run + 1 if pixel == color else 0
            best = max(best, run)
    return best


def main():
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as source:
            page = source.read()
        name = os.path.basename(path).rsplit(".", 1)[0]
        with tempfile.TemporaryDirectory() as work:
            probed, shot = os.path.join(work, "page.html"), os.path.join(work, "page.png")
            with open(probed, "w", encoding="utf-8") as out:
                out.write(page.replace("</body>", PROBE + "</body>"))
            for scheme, colors in zip(["light", "dark"] if path == sys.argv[1] else ["light"], get_colors(page)):
                dom = chromium(probed, work, "--dump-dom", "--screenshot=" + shot, "--window-size=1000,600",
                               "--blink-settings=preferredColorScheme=" + ("1" if scheme == "light" else "0"))
                facts = json.loads(re.search(r'data-facts="([^"]*)"', dom).group(1).replace("&quot;", '"'))
                rows = read_png(shot)
                count = collections.Counter(pixel for row in rows for pixel in row)
                words = [f"{key}={str(value).lower()}" for key, value in facts.items() if key != "height"]
                # The colour of the page's corner, whether anything is drawn, the widest rectangle of each kind.
                words.append("ground=" + ("right" if rows[0][0] == colors["page"] else f"wrong({rows[0][0]})"))
                words.append("blank=" + str(len(count) < 20).lower())
                for level in ("l0", "l1", "l2", "own"):
                    if widest := get_widest(rows, colors[level]):
                        words.append(f"{level}={widest}")
                print(f"{name} {scheme}: {' '.join(words)}", flush=True)


main()

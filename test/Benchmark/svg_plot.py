"""Line charts as SVG, with the standard library alone.

    write("plot.svg", "Title", [Panel("batch 64", "prefix tokens", "tokens/s", [Series("shared", points, COLORS[0])])])
"""

import math
import os
from dataclasses import dataclass, field
from html import escape

# Distinct also for the colour-blind (Okabe and Ito), and by marker.
COLORS = ["#0072b2", "#d55e00", "#e69f00", "#666666", "#009e73"]
WIDTH, HEIGHT = 300, 230
LEFT, RIGHT, TOP, BOTTOM = 58, 14, 52, 46


@dataclass
class Series:
    label: str
    points: list  # (x, y) in ascending x
    color: str
    dashed: bool = False


@dataclass
class Panel:
    title: str
    x_label: str
    y_label: str
    series: list
    log_x: bool = True
    log_y: bool = False
    x_ticks: list = field(default_factory=list)


def short(value):
    if value >= 1e6:
        return f"{value / 1e6:g}M"
    if value >= 1000:
        return f"{value / 1024:g}K" if value % 1024 == 0 else f"{value / 1000:.3g}k"
    return f"{value:.3g}"


def nice_ticks(top):
    """About four steps from 0."""
    step = 10 ** math.floor(math.log10(top / 4))
    step *= next(factor for factor in (1, 2, 2.5, 5, 10) if top / (step * factor) <= 5)
    return [step * i for i in range(int(top / step) + 1)]


def log_ticks(low, high):
    ticks = [base * 10.0 ** exponent for exponent in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
             for base in ((1,) if high / low > 300 else (1, 3) if high / low > 20 else (1, 2, 5))]
    return [tick for tick in ticks if low <= tick <= high]


class Axis:
    """Values to pixels."""

    def __init__(self, low, high, begin, end, log):
        self.low, self.high, self.begin, self.end, self.log = low, high, begin, end, log

    def __call__(self, value):
        low, high = self.low, self.high
        if self.log:
            value, low, high = math.log(value), math.log(low), math.log(high)
        return self.begin + (value - low) / (high - low or 1) * (self.end - self.begin)


def marker(shape, x, y, color):
    if shape == 0:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" fill="{color}"/>'
    if shape == 1:
        return f'<rect x="{x - 3:.1f}" y="{y - 3:.1f}" width="6" height="6" fill="{color}"/>'
    points = f"{x:.1f},{y - 4:.1f} {x - 3.6:.1f},{y + 2.8:.1f} {x + 3.6:.1f},{y + 2.8:.1f}"
    return f'<polygon points="{points}" fill="{color}"/>'


def draw(panel, left, markers):
    xs = [x for series in panel.series for x, _ in series.points]
    ys = [y for series in panel.series for _, y in series.points]
    out = [f'<g font-size="11" fill="#222">']
    top, bottom = TOP, HEIGHT - BOTTOM
    begin, end = left + LEFT, left + WIDTH - RIGHT
    out.append(f'<text x="{(begin + end) / 2:.0f}" y="{top - 8}" text-anchor="middle" font-weight="bold">'
               f'{escape(panel.title)}</text>')
    x_axis = Axis(min(xs), max(xs), begin + 8, end - 8, panel.log_x)
    if panel.log_y:
        low, high = min(ys) / 1.3, max(ys) * 1.3
        ticks = log_ticks(low, high)
    else:
        low, high = 0, max(ys) * 1.08
        ticks = nice_ticks(high)
    y_axis = Axis(low, high, bottom, top, panel.log_y)
    for tick in ticks:
        y = y_axis(tick)
        out.append(f'<line x1="{begin}" x2="{end}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
                   f'<text x="{begin - 6}" y="{y + 4:.1f}" text-anchor="end">{short(tick)}</text>')
    for tick in panel.x_ticks or sorted(set(xs)):
        x = x_axis(tick)
        out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 4}" stroke="#222"/>'
                   f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{short(tick)}</text>')
    out.append(f'<line x1="{begin}" x2="{end}" y1="{bottom}" y2="{bottom}" stroke="#222"/>'
               f'<text x="{(begin + end) / 2:.0f}" y="{bottom + 34}" text-anchor="middle">{escape(panel.x_label)}</text>'
               f'<text transform="translate({left + 14},{(top + bottom) / 2:.0f}) rotate(-90)" text-anchor="middle">'
               f'{escape(panel.y_label)}</text>')
    for series in panel.series:
        path = " ".join(f"{x_axis(x):.1f},{y_axis(y):.1f}" for x, y in series.points)
        dash = ' stroke-dasharray="5 4"' if series.dashed else ""
        out.append(f'<polyline points="{path}" fill="none" stroke="{series.color}" stroke-width="1.8"{dash}/>')
        out += [marker(markers[series.label] % 3, x_axis(x), y_axis(y), series.color) for x, y in series.points]
    return out + ["</g>"]


def write(path, title, panels):
    """`panels` side by side, with one legend of all labels."""
    labels = {}
    for panel in panels:
        for series in panel.series:
            labels.setdefault(series.label, series)
    markers = {label: number for number, label in enumerate(labels)}
    legend_width = 40 + sum(34 + 6.2 * len(label) for label in labels)
    width = max(WIDTH * len(panels), legend_width, 28 + 9.2 * len(title))
    height = HEIGHT + 26
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" '
           f'height="{height}" font-family="Helvetica, Arial, sans-serif">',
           f'<rect width="{width:.0f}" height="{height}" fill="white"/>',
           f'<text x="14" y="22" font-size="14" font-weight="bold" fill="#222">{escape(title)}</text>']
    for number, panel in enumerate(panels):
        out += draw(panel, number * WIDTH, markers)
    x = 20.0
    for label, series in labels.items():
        dash = ' stroke-dasharray="5 4"' if series.dashed else ""
        out.append(f'<line x1="{x:.0f}" x2="{x + 22:.0f}" y1="{HEIGHT + 8}" y2="{HEIGHT + 8}" stroke="{series.color}" '
                   f'stroke-width="1.8"{dash}/>' + marker(markers[label] % 3, x + 11, HEIGHT + 8, series.color)
                   + f'<text x="{x + 28:.0f}" y="{HEIGHT + 12}" font-size="11" fill="#222">{escape(label)}</text>')
        x += 40 + 6.2 * len(label)
    with open(path + ".tmp", "w", encoding="utf-8") as file:
        file.write("\n".join([*out, "</svg>", ""]))
    os.replace(path + ".tmp", path)

"""print_report.py REPORT.json: what was shared, as text for a person.

With --demo DIRECTORY: the closing line of utils/demo from the files it left there.
"""

import json
import os
import sys


def load(path):
    with open(path, encoding="utf-8") as source:
        return json.load(source)


def size(number):
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if number < 10240 or unit == "GiB":
            return f"{number:.0f} {unit}"
        number /= 1024


def print_report(report):
    for number, attention in enumerate(report["attentions"]):
        print(f"attention {number} at {attention['location']}: {attention['outcome']}"
              + (f" ({attention['reason_code']}: {attention['reason']})" if attention.get("reason_code") else ""))
        for segment in attention.get("segments", []):
            begin, end = segment["keys"]
            print(f"  keys {begin} to {'the end' if end is None else end}: "
                  + {"all": "shared by all sequences", "group": "shared within groups",
                     "own": "each sequence's own"}[segment["shared_by"]])
        plain, shared = attention.get("bytes_plain"), attention.get("bytes_shared")
        if plain and shared:
            print(f"  K and V read: {size(plain)} plain, {size(shared)} shared")
        plain, shared = attention.get("predicted_us_plain"), attention.get("predicted_us_shared")
        if plain and shared:
            print(f"  predicted time of one core: {plain:.0f} us plain, {shared:.0f} us shared")
    if not report["attentions"]:
        print("no softmax attention found")


def demo(directory):
    report = load(os.path.join(directory, "report.json"))
    shared = sum(a["outcome"] == "shared" for a in report["attentions"])
    error = load(os.path.join(directory, "llama.json"))["max_abs_error"]
    times = [load(os.path.join(directory, name + ".json"))["median_ms"] for name in ("auto", "never")]
    if not shared:
        sys.exit("demo: failed: no attention was shared")
    print(f"demo: ok: max_abs_error={error:.3g}, {shared} attentions shared, "
          f"shared {times[0]:.1f} ms, plain {times[1]:.1f} ms ({times[1] / times[0]:.1f}x)")


if sys.argv[1] == "--demo":
    demo(sys.argv[2])
else:
    print_report(load(sys.argv[1]))

"""summarize.py RESULTS.json CODE: the closing line of a lit run.

Prints what failed or was not run and why, how many were skipped, then `N passed, N failed`;
exits non-zero when anything failed, lit itself failed (CODE) or nothing ran.
"""

import json
import sys


def main():
    try:
        with open(sys.argv[1], encoding="utf-8") as source:
            tests = json.load(source)["tests"]
    except (OSError, ValueError, KeyError) as error:
        print(f"no results of the test runner: {error}", file=sys.stderr)
        return 1
    by_code = {}
    for test in tests:
        by_code.setdefault(test["code"], []).append(test["name"])
    passed = len(by_code.get("PASS", [])) + len(by_code.get("FLAKYPASS", []))
    skipped_codes = ("UNSUPPORTED", "SKIPPED", "EXCLUDED")
    skipped = sum(len(by_code.get(code, [])) for code in skipped_codes)
    failed = len(tests) - passed - skipped
    for code in ("UNSUPPORTED", "SKIPPED"):
        for name in by_code.get(code, []):
            print(f"{code.lower()}: {name}")
    for code, names in sorted(by_code.items()):
        if code not in ("PASS", "FLAKYPASS") + skipped_codes:
            for name in names:
                print(f"{code}: {name}")
    if skipped:
        print(f"{skipped} skipped")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or passed == 0 or int(sys.argv[2]) != 0 else 0


sys.exit(main())

"""compare_resident.py PREFIX...: PREFIX.json (--stats of hydragen-run) against PREFIX.txt (resident.c)."""

import json
import sys

MIB = 1 << 20

for prefix in sys.argv[1:]:
    with open(prefix + ".json", encoding="utf-8") as file:
        counted = json.load(file)["peak_extra_bytes"]
    with open(prefix + ".txt", encoding="utf-8") as file:
        resident = int(file.read())
    if not counted / 2 <= resident <= counted + 4 * MIB or counted >= 64 * MIB:
        sys.exit(f"{prefix}: peak_extra_bytes is {counted}, the resident size grew by {resident}")
print(f"{len(sys.argv) - 1} modules: resident sizes agree")

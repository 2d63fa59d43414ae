"""The report as markdown."""

import grids

STATES = {0: "ok", 3: "device not available", 130: "interrupted"}


def row(*cells):
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"


def render(report):
    machine, pack = report["machine"], report["pack"]
    lines = [f"# gpu-check, {machine['date'][:10]}\n\n", row("what", "value"), row("---", "---")]
    for name in ("date", "device", "memory", "max_clock", "power_limit", "driver", "cuda_driver_api", "python"):
        if name in machine:
            lines.append(row(name.replace("_", " "), machine[name] or "unknown"))
    for name, value in report["frameworks"].items():
        lines.append(row(name, value or "not there"))
    lines.append(row("compiler", f"{pack['compiler']}, packed {pack['made']}, {', '.join(pack['targets'])}"))

    cases = report["conformance"]
    passed = sum(case["passed"] for case in cases)
    lines.append(f"\n## Conformance: {passed} of {len(cases)} passed\n\n")
    failing = [case for case in cases if not case["passed"]]
    if failing:
        lines += [row("case", "why it failed"), row("---", "---")]
        lines += [row(case["name"], case["message"]) for case in failing]
    errors = [case for case in cases if case["passed"] and case["max_abs_error"] is not None]
    if errors:
        worst = max(errors, key=lambda case: case["max_abs_error"])
        lines.append(f"\nLargest difference from the framework: {worst['max_abs_error']:.3g} ({worst['name']}).\n")
    mixed = [case["name"] for case in cases if case["host_copies_bytes"]]
    if mixed:
        lines.append(f"\nPartly on the host (other ops than attention): {', '.join(mixed)}.\n")

    loads = report["benchmarks"]
    if loads:
        names = []
        for load in loads:
            names += [c["name"] for c in load["contenders"] if c["name"] not in names]
        lines.append(f"\n## Benchmarks: medians in ms, {report['rounds']} interleaved rounds of {report['calls']} calls\n\n")
        lines.append("GB/s and the factor of bytes count keys and values once per node of the tree; the frameworks get "
                     "keys and values laid out per sequence, which is not in their times.\n\n")
        lines.append(row("workload", *names, "GB/s", "bytes plain/shared", "error"))
        lines.append(row(*["---"] * (len(names) + 4)))
        for load in loads:
            have = {contender["name"]: contender for contender in load["contenders"]}
            cells = []
            for name in names:
                contender = have.get(name)
                cells.append("-" if contender is None else "failed" if contender["failed"] else f"{contender['median_ms']:.4f}")
            own, work = have["hydragen"], load["workload"]
            once = grids.unique_bytes(work)
            rate = "-" if own["failed"] else f"{once / own['median_ms'] / 1e6:.0f}"
            error = f"{own['max_abs_error']:.2g}" if own.get("max_abs_error") is not None else "not compared"
            lines.append(row(load["name"], *cells, rate, f"{grids.plain_bytes(work) / once:.1f}", error))
        reasons = {}
        for load in loads:
            for contender in load["contenders"]:
                if contender["failed"]:
                    reasons.setdefault((contender["name"], contender["failed"]), []).append(load["name"])
        for (name, reason), where in reasons.items():
            lines.append(f"\n{name} failed: {reason} ({', '.join(where[:4])}{', ...' if len(where) > 4 else ''}).\n")
    lines.append("\n## Missing\n\n")
    missing = [f"- {entry['name']}: {entry['reason']}\n" for entry in report["missing"]]
    missing += [f"- {text}\n" for text in machine["unknown"]]
    if report["not_chosen"]:
        missing.append(f"- {report['not_chosen']} cases and workloads that --filter left out\n")
    lines += missing or ["nothing\n"]
    lines.append(f"\ngpu-check: {STATES.get(report['exit_code'], 'failed')}: "
                 f"{passed} of {len(cases)} cases, {len(loads)} benchmarks, {len(report['failed'])} failed\n")
    return "".join(lines)

"""gpu-check run: the conformance set by hydragen-run on device cuda, then the benchmarks."""

import concurrent.futures
import ctypes
import datetime
import gzip
import itertools
import json
import os
import platform
import re
import signal
import statistics
import subprocess
import sys
import tempfile

import pack
import table
from common import Failure

# hydragen-run's exit codes (docs/runtime.md).
CODES = {0: "passed", 1: "outputs differ, or a fault", 2: "bad input", 3: "the device is not available",
         4: "internal error, or out of memory"}


class Runner:
    """hydragen-run of a pack, on modules that are unpacked for one call each."""

    def __init__(self, folder, work, timeout):
        self.folder, self.work, self.timeout = folder, work, timeout
        self.program = os.path.join(folder, "bin", "hydragen-run")
        self.calls = itertools.count(1)

    def module(self, name):
        """Unpacks a module; the file's name is always new, as a library of that name may be loaded."""
        path = os.path.join(self.work, f"{next(self.calls)}.so")
        with gzip.open(os.path.join(self.folder, name)) as source, open(path, "wb") as out:
            out.write(source.read())
        return path

    def run(self, name, *options):
        """Returns (exit code, stats or None, the error line or the last line)."""
        try:
            path = self.module(name)
        except (OSError, EOFError, ValueError) as error:
            return 2, None, f"{name}: {error}"
        stats = path + ".json"
        command = [self.program, path, "--device=cuda", "--stats=" + stats, *options]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=self.timeout, check=False)
            code, lines = done.returncode, (done.stderr.strip() or done.stdout.strip()).splitlines()
        except subprocess.TimeoutExpired:
            return 4, None, f"took more than {self.timeout} s"
        except OSError as error:
            raise Failure(2, f"{self.program}: cannot be run: {error.strerror}") from error
        finally:
            os.remove(path)
        if code in (126, 127) or (code and any("GLIBC" in line or "loading shared" in line for line in lines)):
            raise Failure(2, f"{self.program}: cannot be run: {lines[-1] if lines else code}")
        errors = [line for line in lines if "error:" in line or "differ" in line]
        text = (errors or lines or [f"exit code {code}"])[0].replace(path, name).replace("hydragen-run: error: ", "")
        if code < 0:
            text = f"ended by signal {-code}"
        result = None
        if os.path.exists(stats):
            with open(stats, encoding="utf-8") as source:
                result = json.load(source)
            os.remove(stats)
        return code, result, text


def conformance(runner, entries, jobs):
    """Each case on the arrays of a framework, `jobs` at once. Where no kernel ran, nothing was tested: that fails too."""

    def check(entry):
        arrays = os.path.join(runner.folder, entry["arrays"])
        code, stats, text = runner.run(entry["module"], "--inputs=" + arrays, "--expect=" + arrays)
        launches = sum(kernel["launches"] for kernel in (stats or {}).get("kernels", []))
        if code == 0 and not (stats and stats["device"] == "cuda" and launches):
            code, text = 1, "no kernel was launched"
        return {"name": entry["name"], "passed": code == 0, "code": code, "launches": launches,
                "max_abs_error": (stats or {}).get("max_abs_error"), "remarks": entry["remarks"],
                "host_copies_bytes": (stats or {}).get("host_copies_bytes"),
                "message": None if code == 0 else f"{CODES.get(code, 'broken')}: {text}"}

    # The first one alone: without a device all would say the same.
    results = [check(entry) for entry in entries[:1]]
    if results and results[0]["code"] != 3:
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            results += pool.map(check, entries[1:])
    return results


def benchmark_alone(runner, entries, rounds, calls):
    """Without PyTorch: hydragen-run's own times (CUDA events), in rounds over all workloads."""
    samples, failures, stats = {}, {}, {}
    for _ in range(rounds):
        for entry in entries:
            name = entry["name"]
            if name in failures:
                continue
            code, result, text = runner.run(entry["module"], "--random=1", f"--repeat={calls}")
            if code or not result or not result["kernels"]:
                failures[name] = f"{CODES.get(code, 'broken')}: {text}"
                continue
            samples.setdefault(name, []).append(result["median_ms"])
            stats[name] = result
    results = []
    for entry in entries:
        name = entry["name"]
        contender = {"name": "hydragen", "failed": failures.get(name)}
        if name not in failures:
            contender.update(median_ms=statistics.median(samples[name]), min_ms=min(samples[name]),
                             samples=len(samples[name]), how="hydragen-run, warm L2", kernels=stats[name]["kernels"])
        results.append({"name": name, "workload": entry["workload"], "contenders": [contender], "checked": False})
    return results


def machine():
    """Device, driver and versions; what cannot be found out is None, with the reason under `unknown`."""
    found = {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "host": platform.machine(),
             "python": platform.python_version(), "device": None, "driver": None, "cuda_driver_api": None, "unknown": []}
    try:
        query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total,clocks.max.sm,power.limit",
                 "--format=csv,noheader"]
        line = subprocess.run(query, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()[0]
        parts = [part.strip() for part in line.split(",")]
        found.update(device=parts[0], driver=parts[1], memory=parts[2], max_clock=parts[3], power_limit=parts[4])
    except (OSError, subprocess.SubprocessError, IndexError) as error:
        found["unknown"].append(f"nvidia-smi: {error}")
    library = os.environ.get("HYDRAGEN_LIBCUDA", "libcuda.so.1")
    try:
        get = ctypes.CDLL(library).cuGetProcAddress_v2
        pointer, state = ctypes.c_void_p(), ctypes.c_int()

        def call(function, *arguments):
            """Calls a function of the driver; arguments are addresses and ints."""
            if get(function, ctypes.byref(pointer), 11030, ctypes.c_uint64(0), ctypes.byref(state)) or not pointer.value:
                raise OSError(f"{library} has no {function.decode()}")
            kind = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * len(arguments))
            result = kind(pointer.value)(*arguments)
            if result:
                raise OSError(f"{function.decode()}: error {result}")

        version, name = ctypes.c_int(), ctypes.create_string_buffer(256)
        call(b"cuInit", 0)
        call(b"cuDriverGetVersion", ctypes.addressof(version))
        found["cuda_driver_api"] = f"{version.value // 1000}.{version.value % 1000 // 10}"
        if found["device"] is None:
            call(b"cuDeviceGetName", ctypes.addressof(name), 256, 0)
            found["device"] = name.value.decode(errors="replace")
    except (OSError, AttributeError) as error:
        found["unknown"].append(f"driver: {error}")
    return found


def load_pack(folder):
    path = os.path.join(folder, "pack.json")
    try:
        with open(path, encoding="utf-8") as source:
            content = json.load(source)
        if content["version"] != 1:
            raise Failure(2, f"{path}: version {content['version']} is not known")
        content["conformance"], content["benchmarks"], content["missing"]  # KeyError when damaged.
        return content
    except (OSError, ValueError, KeyError) as error:
        raise Failure(2, f"{path}: is no pack: {error}; run in a pack, or give one with --pack") from error


def chosen(entries, kind, expression):
    return [entry for entry in entries if not expression or re.search(expression, f"{kind}/{entry['name']}")]


def run(options):
    # As an interrupt: benchmarks write what they have.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory() as work:
        folder = options.pack
        if os.path.isfile(folder):
            folder = pack.unpack(folder, os.path.join(work, "pack"))
        content = load_pack(folder)
        cases = chosen(content["conformance"], "conformance", options.filter)
        loads = chosen(content["benchmarks"], "benchmarks", options.filter)
        if not cases and not loads:
            raise Failure(2, "--filter: nothing is left to run")
        report = {"version": 1, "machine": machine(), "pack": {key: content.get(key) for key in
                                                                ("made", "compiler", "targets", "suites", "filter")},
                  "filter": options.filter, "rounds": options.rounds, "calls": options.calls,
                  "not_chosen": len(content["conformance"]) + len(content["benchmarks"]) - len(cases) - len(loads),
                  "missing": list(content["missing"]), "frameworks": {}}
        runner = Runner(folder, work, options.timeout)
        report["conformance"] = conformance(runner, cases, options.jobs)
        interrupted = 0
        unavailable = any(case["code"] == 3 for case in report["conformance"])
        report["benchmarks"] = []
        if loads and not unavailable:
            import frameworks
            torch, why = frameworks.find_torch(folder)
            report["frameworks"]["torch"] = torch.__version__ if torch else None
            if torch:
                try:
                    frameworks.benchmark(torch, runner, loads, options.rounds, options.calls, report)
                except KeyboardInterrupt:
                    # What was measured is kept.
                    interrupted = len(loads) - len(report["benchmarks"])
                    report["missing"].append({"name": "interrupted", "reason": f"{interrupted} workloads were not measured"})
            else:
                report["missing"].append({"name": "PyTorch and Triton", "reason": f"{why}; times are hydragen-run's, outputs "
                                          "of benchmarks are not compared"})
                report["benchmarks"] = benchmark_alone(runner, loads, options.rounds, options.calls)
                unavailable = any("device is not available" in (c["failed"] or "")
                                  for b in report["benchmarks"] for c in b["contenders"])
    failed = [case["name"] for case in report["conformance"] if not case["passed"]]
    failed += [f"{load['name']} ({contender['name']})" for load in report["benchmarks"] for contender in load["contenders"]
               if contender["failed"] and contender["name"] == "hydragen"]
    report["failed"] = failed
    report["exit_code"] = 3 if unavailable else 1 if failed else 130 if interrupted else 0
    text = table.render(report)
    for path, data in ((options.out, json.dumps(report, indent=1) + "\n"), (options.table, text)):
        if path:
            try:
                with open(path, "w", encoding="utf-8") as out:
                    out.write(data)
            except OSError as error:
                raise Failure(2, f"{path}: {error.strerror}") from error
    print(text, end="", flush=True)
    if unavailable:
        message = next((case["message"] for case in report["conformance"] if case["code"] == 3), "see the table")
        print(f"gpu-check: error: {message}", file=sys.stderr)
    return report["exit_code"]

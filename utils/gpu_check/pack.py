"""gpu-check pack: compiles the modules and puts together what `run` needs."""

import concurrent.futures
import datetime
import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

import grids
from common import Failure, read_manifest

LIMIT = 64 << 20
COMPILE_SECONDS = 300
HERE = os.path.dirname(os.path.abspath(__file__))


def corpus_cases(corpus):
    """(name, IR, npz) of the corpus cases with sharing, and (name, reason) of the others with sharing."""
    cases, missing = [], []

    def add(folder, file):
        ir = os.path.join(corpus, folder, file)
        npz = os.path.join(corpus, folder, file.split(".")[0] + ".npz")
        name = f"{folder}/{file.rsplit('.', 1)[0]}"
        if os.path.exists(npz):
            cases.append((name, ir, npz))
        else:
            missing.append((name, "has no arrays"))

    try:
        with open(os.path.join(corpus, "manifest.tsv"), encoding="utf-8") as rows:
            for row in rows:
                split, file, expect = (row.rstrip("\n").split("\t") + ["", "", ""])[:3]
                if split == "given" and expect in ("rewrite", "stretch"):
                    add(split, file)
        with open(os.path.join(corpus, "exported", "manifest.tsv"), encoding="utf-8") as rows:
            for row in rows:
                file, expect = (row.rstrip("\n").split("\t") + ["", ""])[:2]
                if ":all" in expect or ":group" in expect:
                    add("exported", file)
    except OSError as error:
        raise Failure(2, f"--corpus: {error}") from error
    return cases, missing


def compile_module(compiler, ir, out, targets, cases, cubin):
    """Compiles; returns the manifest, what the compiler says of kernels it cannot have, and an error or None."""
    command = [compiler, ir, "-o", out, "--target=" + ",".join(f"cuda:{target}" for target in targets), "--remarks"]
    # The corpus is small: sharing is what is to be tested, whether it pays or not.
    command += ["--sharing=always"] if cases else []
    command += ["--cubin"] if cubin else []
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return None, [], f"compiling took more than {COMPILE_SECONDS} s"
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "error:" in line] or [f"exit code {done.returncode}"]
        return None, [], re.sub(r"^.*?error: (/\S*/)?", "", lines[0])
    remarks = [re.sub(r"^.*?(gpu-[a-z-]+: )", r"\1", line) for line in done.stderr.splitlines() if ": gpu-" in line]
    return read_manifest(out), sorted(set(remarks)), None


def pack(arguments):
    binaries, libraries = os.path.join(arguments.build, "bin"), os.path.join(arguments.build, "lib")
    programs = {"bin/hydragen-run": os.path.join(binaries, "hydragen-run"),
                "lib/libhydragen_runtime.so.0": os.path.join(libraries, "libhydragen_runtime.so.0"),
                "lib/hydragen.py": os.path.join(arguments.source, "runtime", "python", "hydragen.py")}
    compiler = os.path.join(binaries, "hydragen-compile")
    for file in [compiler, *programs.values()]:
        if not os.path.exists(file):
            raise Failure(2, f"{file}: is not there (build first: utils/check --build-only)")
    corpus = os.path.join(arguments.source, "test", "Corpus")
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=False).stdout
    result = {"version": 1, "made": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
              "compiler": version.strip().splitlines()[0] if version.strip() else "unknown",
              "targets": arguments.targets, "conformance": [], "benchmarks": [], "missing": []}

    def missed(name, reason):
        result["missing"].append({"name": name, "reason": reason})

    with tempfile.TemporaryDirectory() as work:
        jobs = []  # (kind, name, IR, npz or workload)
        cases, missing = corpus_cases(corpus)
        jobs += [("conformance", name, ir, npz) for name, ir, npz in cases]
        loads, more = grids.workloads(arguments.suites, arguments.all_suffixes)
        for name, reason in missing + more:
            missed(name, reason)
        for i, load in enumerate(loads):
            ir = os.path.join(work, f"{i}.mlir")
            with open(ir, "w", encoding="utf-8") as out:
                out.write(grids.model_ir(load))
            jobs.append(("benchmarks", f"{load['suite']}/{load['name']}", ir, load))
        if "corpus" in arguments.suites:
            folder = os.path.join(corpus, "bench")
            for file in sorted(os.listdir(folder)):
                jobs.append(("benchmarks", f"corpus/{file.split('.')[0]}", os.path.join(folder, file), None))
        jobs = [job for job in jobs if not arguments.filter or re.search(arguments.filter, f"{job[0]}/{job[1]}")]
        if not jobs:
            raise Failure(2, "--filter: nothing is left to pack")
        result["filter"], result["suites"] = arguments.filter, arguments.suites

        def build(number):
            kind, _, ir, _ = jobs[number]
            module = os.path.join(work, f"{number}.so")
            built = compile_module(compiler, ir, module, arguments.targets, kind == "conformance", arguments.cubin)
            if built[2] is None:
                with open(module, "rb") as content, open(module + ".gz", "wb") as out:
                    out.write(gzip.compress(content.read(), mtime=0))
                os.remove(module)
            return built

        files = dict(programs)
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            for number, built in enumerate(pool.map(build, range(len(jobs)))):
                if number % 10 == 0:
                    print(f"gpu-check: {number} of {len(jobs)} modules", file=sys.stderr, flush=True)
                kind, name, _, extra = jobs[number]
                manifest, remarks, error = built
                if error is None and not manifest.get("images"):
                    error = "; ".join(remarks) or "the module has no kernels"
                load = extra
                if error is None and kind == "benchmarks":
                    if load is None:
                        load, error = grids.corpus_workload(name.split("/")[1], manifest["entries"][0]["inputs"])
                    hosts = [a for a in manifest["entries"][0]["inputs"] if a.get("placement", "device") != "device"]
                    if error is None and hosts:
                        error = "; ".join(remarks) or "its inputs are on the host"
                if error is not None:
                    missed(f"{kind}/{name}", error)
                    continue
                entry = {"name": name, "module": f"modules/{kind}/{name}.so.gz", "remarks": remarks}
                if kind == "conformance":
                    entry["arrays"] = f"arrays/{name.split('.')[0]}.npz"
                    files[entry["arrays"]] = extra
                else:
                    entry["workload"] = load
                result[kind].append(entry)
                files[entry["module"]] = os.path.join(work, f"{number}.so.gz")
        if not result["conformance"] and not result["benchmarks"]:
            first = result["missing"][0]
            raise Failure(2, f"nothing could be packed, first {first['name']}: {first['reason']}")
        files["gpu-check"] = os.path.join(os.path.dirname(HERE), "gpu-check")
        for file in sorted(os.listdir(HERE)):
            if file.endswith(".py"):
                files[f"gpu_check/{file}"] = os.path.join(HERE, file)
        size = write_tar(arguments.out, files, result)
    print(f"{arguments.out}: {len(result['conformance'])} conformance cases, {len(result['benchmarks'])} benchmarks, "
          f"{size / (1 << 20):.1f} MiB; {len(result['missing'])} missing")
    for entry in result["missing"]:
        print(f"missing: {entry['name']}: {entry['reason']}")
    return 0


def write_tar(path, files, result):
    """Writes gpu-check/... under a temporary name, checks the size, renames."""
    described = (json.dumps(result, indent=1) + "\n").encode()
    size = len(described) + sum(os.path.getsize(file) for file in files.values())
    if size > LIMIT:
        raise Failure(2, f"{path}: the folder would have {size / (1 << 20):.1f} MiB, more than 64 (use --suites or --filter)")
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with tarfile.open(temporary, "w") as archive:
            for name, file in sorted(files.items()):
                archive.add(os.path.realpath(file), f"gpu-check/{name}")
            info = tarfile.TarInfo("gpu-check/pack.json")
            info.size, info.mode = len(described), 0o644
            archive.addfile(info, io.BytesIO(described))
        os.replace(temporary, path)
    except OSError as error:
        raise Failure(2, f"{path}: {error.strerror}") from error
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)
    return size


def unpack(path, folder):
    """Unpacks a pack for a run without unpacking by hand; returns its folder."""
    try:
        with tarfile.open(path) as archive:
            for member in archive.getmembers():
                if not member.isfile() or not re.fullmatch(r"gpu-check(/[\w.+-]+)+", member.name) or ".." in member.name:
                    raise Failure(2, f"{path}: is no pack of gpu-check (it holds {member.name!r})")
                target = os.path.join(folder, member.name)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with archive.extractfile(member) as source, open(target, "wb") as out:
                    shutil.copyfileobj(source, out)
                os.chmod(target, member.mode & 0o755)
    except (OSError, tarfile.TarError) as error:
        raise Failure(2, f"{path}: {error}") from error
    return os.path.join(folder, "gpu-check")

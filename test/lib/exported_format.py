"""Lit formats: what utils/export writes, compiled and run against the framework's numbers.

One test for each test/Corpus/exported/CASE.ROUTE.mlir: compiled for the CPU and run on CASE.npz, shared and (all routes
but tosa) plain; the report must say what manifest.tsv says: per attention its outcome, or for one that is not shared its
reason code, and the segments as BEGIN-END:WHO, where WHO is all, group or own and ? an unknown extent.
"""

import json
import os
import subprocess

import lit.formats
import lit.Test


def describe(attention):
    """One attention of a report, as in the manifest."""
    if attention["outcome"] != "shared":
        return attention["reason_code"]
    end = lambda n: "?" if n is None else str(n)
    return " ".join(f"{end(s['keys'][0])}-{end(s['keys'][1])}:{s['shared_by']}" for s in attention["segments"])


class ExportedFormat(lit.formats.FileBasedTest):
    def __init__(self, bin_dir, folder):
        self.bin_dir, self.folder = bin_dir, folder
        with open(os.path.join(folder, "manifest.tsv"), encoding="utf-8") as lines:
            self.expected = dict(line.rstrip("\n").split("\t") for line in lines)

    def getTestsInDirectory(self, suite, path, lit_config, local_config):
        # A file without an entry is a test that fails.
        for name in sorted(set(self.expected) | {f for f in os.listdir(self.folder) if f.endswith(".mlir")}):
            yield lit.Test.Test(suite, path + (name,), local_config, file_path=os.path.join(self.folder, name))

    def run(self, tool, *arguments):
        done = subprocess.run([os.path.join(self.bin_dir, tool), *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=120)
        return None if done.returncode == 0 else f"{' '.join(done.args)}\nexit {done.returncode}: {done.stdout}"

    def execute(self, test, lit_config):
        name = os.path.basename(test.file_path)
        case, route, _ = name.split(".")
        work = test.suite.getExecPath(test.path_in_suite) + ".tmp"
        os.makedirs(work, exist_ok=True)
        module, report = os.path.join(work, "module.so"), os.path.join(work, "report.json")
        npz = os.path.join(self.folder, case + ".npz")
        for sharing in ["always"] if route == "tosa" else ["never", "always"]:
            problem = (self.run("hydragen-compile", test.file_path, "-o", module, "--sharing=" + sharing,
                                "--report=" + report) or
                       self.run("hydragen-run", module, "--inputs=" + npz, "--expect=" + npz))
            if problem:
                return lit.Test.FAIL, problem
        with open(report, encoding="utf-8") as source:
            found = "; ".join(map(describe, json.load(source)["attentions"]))
        if found != self.expected.get(name):
            return lit.Test.FAIL, f"expected '{self.expected.get(name)}', the report says '{found}'"
        return lit.Test.PASS, ""


# Attention that kernels do not compute: why it runs on the host.
ON_HOST = {
    "jax_mla": "it has several products, contraction or value dims",
    "mla_absorbed": "it has several products, contraction or value dims",
    "dynamic_prefix": "its keys are not a page number and a place in the page",
}


class EmulatedExportedFormat(ExportedFormat):
    """Those whose attention is all shared, on the emulated GPU: kernels are launched, or the remark has the reason."""

    def getTestsInDirectory(self, suite, path, lit_config, local_config):
        for name, found in sorted(self.expected.items()):
            if ":" in found:
                yield lit.Test.Test(suite, path + (name,), local_config, file_path=os.path.join(self.folder, name))

    def execute(self, test, lit_config):
        name = os.path.basename(test.file_path)
        case = name.split(".")[0]
        work = test.suite.getExecPath(test.path_in_suite) + ".tmp"
        os.makedirs(work, exist_ok=True)
        module, stats = os.path.join(work, "module.so"), os.path.join(work, "stats.json")
        npz = os.path.join(self.folder, case + ".npz")
        done = subprocess.run([os.path.join(self.bin_dir, "hydragen-compile"), test.file_path, "-o", module, "--target=cuda:sm_80",
                               "--sharing=always", "--remarks"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=120)
        if done.returncode:
            return lit.Test.FAIL, done.stdout
        problem = self.run("hydragen-run", module, "--device=emulated", "--inputs=" + npz, "--expect=" + npz, "--stats=" + stats)
        if problem:
            return lit.Test.FAIL, problem
        with open(stats, encoding="utf-8") as source:
            launches = sum(kernel["launches"] for kernel in json.load(source)["kernels"])
        if case in ON_HOST:
            if launches or f"attention runs on the host: {ON_HOST[case]}" not in done.stdout:
                return lit.Test.FAIL, f"expected '{ON_HOST[case]}', got {launches} launches: {done.stdout}"
        elif not launches or "gpu-fallback" in done.stdout:
            return lit.Test.FAIL, f"{launches} launches: {done.stdout}"
        return lit.Test.PASS, ""

"""A lit format: every corpus file, compiled and run against the framework's numbers.

For each test/Corpus/given/CASE.ROUTE.mlir one test that compiles it for the CPU with
a report, runs it on CASE.npz, and compares with what the framework computed, with
sharing forced and off; then checks in the report what the manifest expects: `rewrite`
and `stretch` are shared (some of the latter by a guard that decides at run time),
`keep` is not and says why.
"""

import json
import os
import subprocess

import lit.formats
import lit.Test


def read_manifest(path):
    with open(path, encoding="utf-8") as lines:
        header = next(lines).rstrip("\n").split("\t")
        rows = [dict(zip(header, line.rstrip("\n").split("\t"))) for line in lines]
    return {row["file"]: row for row in rows if row["split"] == "given"}


# Whose sharing is in an argument: equal group numbers, equal columns of a block table.
GUARDED = ["group_index", "group_index_select", "paged_arg_table"]


class CorpusFormat(lit.formats.FileBasedTest):
    def __init__(self, bin_dir, corpus, shared_routes):
        self.bin_dir = bin_dir
        self.given = os.path.join(corpus, "given")
        self.manifest = read_manifest(os.path.join(corpus, "manifest.tsv"))
        self.shared_routes = shared_routes

    def getTestsInDirectory(self, suite, path, lit_config, local_config):
        for name in sorted(self.manifest):
            yield lit.Test.Test(suite, path + (name,), local_config, file_path=os.path.join(self.given, name))

    def run(self, arguments):
        return subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)

    def execute(self, test, lit_config):
        name = os.path.basename(test.file_path)
        case, route, _ = name.split(".")
        work = os.path.join(test.suite.getExecPath(test.path_in_suite) + ".tmp")
        os.makedirs(work, exist_ok=True)
        module, report = os.path.join(work, "module.so"), os.path.join(work, "report.json")
        # The shapes are small: whether sharing pays is another question than whether it is right.
        for sharing in ["always", "never"]:
            done = self.run([os.path.join(self.bin_dir, "hydragen-compile"), test.file_path, "-o", module,
                             "--sharing=" + sharing, "--report=" + report])
            if done.returncode:
                return lit.Test.FAIL, f"compile ({sharing}): {done.stdout}"
            npz = os.path.join(self.given, case + ".npz")
            done = self.run([os.path.join(self.bin_dir, "hydragen-run"), module, "--inputs=" + npz, "--expect=" + npz])
            if done.returncode:
                return lit.Test.FAIL, f"run ({sharing}): {done.stdout}"
            if sharing == "always":
                problem = (self.check_report(report, self.manifest[name]["expect"], case, route) or
                           self.check_choice(test.file_path, report, report + ".auto.json"))
                if problem:
                    return lit.Test.FAIL, problem
        return lit.Test.PASS, ""

    def check_report(self, path, expect, case, route):
        with open(path, encoding="utf-8") as source:
            attentions = json.load(source)["attentions"]
        shared = [a for a in attentions if a["outcome"] == "shared"]
        if expect in ("rewrite", "stretch") and route in self.shared_routes and not shared:
            return f"expected sharing to be found, the report has {attentions}"
        if any(a["guarded"] != (case in GUARDED) for a in shared):
            return f"expected {'a guard' if case in GUARDED else 'no guard'}, the report has {attentions}"
        if expect == "keep":
            if shared:
                return f"expected no sharing, the report has {shared}"
            for attention in attentions:
                if not attention["reason_code"] or not attention["reason"]:
                    return f"expected a reason, the report has {attention}"
        return None

    def check_choice(self, source, always, auto):
        """Where sharing does not pay, the report still says what is shared."""
        done = self.run([os.path.join(self.bin_dir, "hydragen-compile"), source, "-o", os.devnull, "--emit=shared",
                         "--report=" + auto])
        if done.returncode:
            return f"compile (auto): {done.stdout}"
        reports = []
        for path in [always, auto]:
            with open(path, encoding="utf-8") as text:
                reports.append(json.load(text)["attentions"])
        for forced, chosen in zip(*reports):
            told = {"plain": "not-profitable", "shared": ""}.get(chosen["outcome"])
            if forced["outcome"] == "shared" and (chosen["reason_code"] != told or
                                                  chosen["segments"] != forced["segments"]):
                return f"expected the segments of {forced}, chosen was {chosen}"
        return None if len(reports[0]) == len(reports[1]) else "the reports tell of different attentions"

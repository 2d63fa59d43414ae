"""A lit format: every case of the corpus as a hand-written `hydragen.attention`.

For each CASE.mlir in the folder one test: it parses, verifies and round-trips (as text and bytecode), and it gives the
framework's numbers in the float64 interpreter as written and after hydragen-decompose, and on the CPU. The arrays are
those of the corpus case; cases without one have theirs in Inputs (Inputs/references.py). One more test, `all-cases`,
compares the folder with the manifest: what is missing must be listed with the reason, what is listed must be missing.
"""

import os
import subprocess

import lit.formats
import lit.Test

from corpus_format import read_manifest
from interpreter_format import REF64

# Precision and bound of a comparison: the framework's output in its type (the interpreter's default per type), and the
# float64 reference.
COMPARISONS = [["--key=out"], REF64]


class HandWrittenFormat(lit.formats.FileBasedTest):
    def __init__(self, bin_dir, corpus, own_cases, not_attention):
        self.bin_dir = bin_dir
        self.given = os.path.join(corpus, "given")
        manifest = read_manifest(os.path.join(corpus, "manifest.tsv"))
        self.expect = {name.split(".")[0]: row["expect"] for name, row in manifest.items()}
        self.own_cases, self.not_attention = own_cases, not_attention

    def getTestsInDirectory(self, suite, path, lit_config, local_config):
        folder = suite.getSourcePath(path)
        yield lit.Test.Test(suite, path + ("all-cases",), local_config)
        for name in sorted(os.listdir(folder)):
            if name.endswith(".mlir"):
                yield lit.Test.Test(suite, path + (name,), local_config)

    def run(self, tool, arguments):
        """Exit status 0: (None, output), else (what went wrong, "")."""
        done = subprocess.run([os.path.join(self.bin_dir, tool)] + arguments, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=120)
        if done.returncode:
            return f"{' '.join(done.args)}\nexit {done.returncode}: {done.stdout}{done.stderr}", ""
        return None, done.stdout

    def check_cases(self, folder):
        written = {name[:-5] for name in os.listdir(folder) if name.endswith(".mlir")}
        wanted = (set(self.expect) | set(self.own_cases)) - set(self.not_attention)
        problems = [f"{case}.mlir is missing" for case in sorted(wanted - written)]
        problems += [f"{case}.mlir is not expected" for case in sorted(written - wanted)]
        problems += [f"{case}: no such case in the manifest" for case in sorted(set(self.not_attention) - set(self.expect))]
        return "\n".join(problems)

    def execute(self, test, lit_config):
        source = test.getSourcePath()
        if test.path_in_suite[-1] == "all-cases":
            problem = self.check_cases(os.path.dirname(source))
            return (lit.Test.FAIL, problem) if problem else (lit.Test.PASS, "")
        problem = self.check(test, source, os.path.basename(source)[:-5])
        return (lit.Test.FAIL, problem) if problem else (lit.Test.PASS, "")

    def check(self, test, source, case):
        work = test.suite.getExecPath(test.path_in_suite) + ".tmp"
        os.makedirs(work, exist_ok=True)
        folder = self.given if case in self.expect else os.path.join(os.path.dirname(source), "Inputs")
        npz = os.path.join(folder, case + ".npz")
        decomposed = os.path.join(work, "decomposed.mlir")
        problem, _ = self.run("hydragen-opt", [source, "--verify-roundtrip", "--hydragen-decompose", "-o", decomposed])
        for stage in [source, decomposed]:
            for comparison in COMPARISONS:
                problem = problem or self.run("hydragen-interpret", [stage, "--inputs=" + npz, "--expect=" + npz] + comparison)[0]
        if problem:
            return problem
        with open(source, encoding="utf-8") as given, open(decomposed, encoding="utf-8") as after:
            before, after = given.read(), after.read()
        if " hydragen.attention\n" not in before or "hydragen.attention" in after:
            return "expected hydragen.attention in the file, and none after hydragen-decompose"
        # A run-time table (`stretch`) may or may not be shared, and so may a case of `same` numbers.
        shared, expect = "hydragen.prefix_attention" in after, self.expect.get(case, "rewrite")
        if (expect == "rewrite" and not shared) or (expect == "keep" and shared):
            return f"the manifest says {expect}, but there is {'a' if shared else 'no'} prefix_attention in\n{after}"
        return self.run("hydragen-run", [source, "--device=cpu", "--inputs=" + npz, "--expect=" + npz])[0]

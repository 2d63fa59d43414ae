"""A lit format: every corpus file in the float64 interpreter, at every stage of the front.

For each test/Corpus/given/CASE.ROUTE.mlir one test: the file as it is, raised, shared, decomposed and lowered to
linalg, each interpreted on CASE.npz. Every stage must give the framework's numbers (`outN`, with the tolerance of the
output's type) and, without rounding, the float64 reference (`ref64_N`). A stage that changed nothing proves nothing:
of the files that the manifest expects to be rewritten the stages must contain the ops they are named after.
"""

import os
import re
import subprocess

import lit.formats
import lit.Test

from corpus_format import read_manifest

# Constants of the model (the scale, tables of angles) are written as f32: a few of its ulps, absolute and relative.
REF64 = ["--key=ref64", "--atol=2e-6", "--rtol=2e-6"]

# Name, passes, and an op that a rewritten file has at this stage.
STAGES = [
    ("raised", ["--pass-pipeline=builtin.module(hydragen-front{stop-after=raised})"], "hydragen.attention "),
    ("shared", ["--pass-pipeline=builtin.module(hydragen-front{stop-after=shared})"], "hydragen.cover = "),
    ("decomposed", ["--hydragen-front"], "hydragen.prefix_attention "),
    ("linalg", ["--hydragen-front", "--hydragen-lower-groups", "--convert-hydragen-to-linalg"], "linalg."),
]


class InterpreterFormat(lit.formats.FileBasedTest):
    def __init__(self, bin_dir, corpus, rewritten_routes):
        self.bin_dir = bin_dir
        self.given = os.path.join(corpus, "given")
        self.manifest = read_manifest(os.path.join(corpus, "manifest.tsv"))
        self.rewritten_routes = rewritten_routes

    def getTestsInDirectory(self, suite, path, lit_config, local_config):
        for name in sorted(self.manifest):
            yield lit.Test.Test(suite, path + (name,), local_config, file_path=os.path.join(self.given, name))

    def run(self, tool, arguments):
        """None, or what the tool said when it failed."""
        done = subprocess.run([os.path.join(self.bin_dir, tool)] + arguments, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=120)
        return None if done.returncode == 0 else f"{' '.join(done.args)}\nexit {done.returncode}: {done.stdout}"

    def interpret(self, source, npz):
        for key in [["--key=out"], REF64]:
            problem = self.run("hydragen-interpret", [source, "--inputs=" + npz, "--expect=" + npz] + key)
            if problem:
                return problem
        return None

    def execute(self, test, lit_config):
        name = os.path.basename(test.file_path)
        case, route, _ = name.split(".")
        npz = os.path.join(self.given, case + ".npz")
        work = os.path.join(test.suite.getExecPath(test.path_in_suite) + ".tmp")
        os.makedirs(work, exist_ok=True)
        must_rewrite = self.manifest[name]["expect"] == "rewrite" and route in self.rewritten_routes
        source = test.file_path
        if route == "tosa":  # the interpreter knows linalg
            source = os.path.join(work, "given.mlir")
            problem = self.run("hydragen-opt", [test.file_path, "--hydragen-tosa-to-linalg", "-o", source])
            if problem:
                return lit.Test.FAIL, "tosa to linalg: " + problem
        problem = self.interpret(source, npz)
        if problem:
            return lit.Test.FAIL, "as given: " + problem
        for stage, passes, op in STAGES:
            out = os.path.join(work, stage + ".mlir")
            problem = self.run("hydragen-opt", [source, "-o", out] + passes) or self.interpret(out, npz)
            if problem:
                return lit.Test.FAIL, f"{stage}: {problem}"
            with open(out, encoding="utf-8") as text:
                content = text.read()
            if must_rewrite and op not in content:
                return lit.Test.FAIL, f"{stage}: no '{op.strip()}' in {out}"
            # The records are a report, with attributes of the dialect.
            if stage == "linalg" and re.search(r"(?<!#)hydragen\.(?!records\b)", content):
                return lit.Test.FAIL, f"{stage}: a hydragen op is left in {out}"
        return lit.Test.PASS, ""

"""A lit format: models whose sharing is known at run time, on tables of every kind.

One test per file. The model is compiled for the CPU, where its report must say that the sharing is guarded, and is
decomposed for the float64 interpreter, which runs the ops that ask at run time by their definition. Both must give the
attention by its definition (Inputs/tables.py) for every table: nothing in common, everything, anything between.
"""

import json
import os
import subprocess
import sys

import lit.formats
import lit.Test

CASES = {"group_index": ["linalg", "tosa"], "group_index_select": ["linalg", "tosa"],
         "paged_arg_table": ["linalg", "tosa"], "many_groups": [None]}


class GuardsFormat(lit.formats.FileBasedTest):
    def __init__(self, bin_dir, corpus, python):
        self.bin_dir, self.corpus, self.python = bin_dir, corpus, python

    def getTestsInDirectory(self, suite, path, lit_config, local_config):
        for case, routes in sorted(CASES.items()):
            for route in routes:
                name = f"{case}.{route}.mlir" if route else f"{case}.mlir"
                yield lit.Test.Test(suite, path + (name,), local_config)

    def run(self, *arguments):
        done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}\nexit {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def execute(self, test, lit_config):
        if "numpy" not in test.config.available_features:
            return lit.Test.UNSUPPORTED, "NumPy is missing"
        try:
            self.check(test)
        except RuntimeError as problem:
            return lit.Test.FAIL, str(problem)
        return lit.Test.PASS, ""

    def check(self, test):
        name = test.path_in_suite[-1]
        case = name.split(".")[0]
        inputs = os.path.join(os.path.dirname(test.getSourcePath()), "Inputs")
        source = os.path.join(inputs if name.count(".") == 1 else self.corpus, name)
        work = test.suite.getExecPath(test.path_in_suite) + ".tmp"
        os.makedirs(work, exist_ok=True)
        tool = lambda which: os.path.join(self.bin_dir, which)
        module, report = os.path.join(work, "module.so"), os.path.join(work, "report.json")
        decomposed = os.path.join(work, "decomposed.mlir")
        self.run(tool("hydragen-compile"), source, "-o", module, "--report=" + report)
        with open(report, encoding="utf-8") as lines:
            for attention in json.load(lines)["attentions"]:
                if attention["outcome"] != "shared" or not attention["guarded"]:
                    raise RuntimeError(f"expected guarded sharing, the report has {attention}")
        self.run(tool("hydragen-compile"), source, "--emit=decomposed", "-o", decomposed)
        for table in self.run(self.python, os.path.join(inputs, "tables.py"), case, work).split():
            npz = os.path.join(work, table + ".npz")
            self.run(tool("hydragen-run"), module, "--inputs=" + npz, "--expect=" + npz)
            self.run(tool("hydragen-interpret"), decomposed, "--inputs=" + npz, "--expect=" + npz, "--key=out")

"""A lit format: models whose sharing is known at run time, on tables of every kind.

One test per file. The model is compiled for the CPU and, in several schedules, for the emulated GPU; their reports must
say that the sharing is guarded. It is also decomposed for the float64 interpreter, which runs the ops that ask at run time
by their definition. All must give the attention by its definition (Inputs/tables.py) for every table: nothing in common,
everything, anything between. On the GPU nothing is copied to the host or from it.
"""

import json
import os
import subprocess
import sys

import lit.formats
import lit.Test

CASES = {"group_index": ["linalg", "tosa"], "group_index_select": ["linalg", "tosa"],
         "paged_arg_table": ["linalg", "tosa"], "many_groups": [None], "paged_dynamic": [None]}

# Options of the compiler, and of the emulator.
SCHEDULES = [([], "async=late"), (["--tile=64", "--split=64", "--invariant"], "schedule=random:5"),
             (["--split=64", "--separate-launches"], "async=eager"), (["--tile=16"], "schedule=random:9,async=late")]


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
        module, report, stats = (os.path.join(work, file) for file in ("module.so", "report.json", "stats.json"))
        decomposed, grouped = os.path.join(work, "decomposed.mlir"), os.path.join(work, "grouped.mlir")
        files = [os.path.join(work, table + ".npz")
                 for table in self.run(self.python, os.path.join(inputs, "tables.py"), case, work).split()]

        def compile(*options):
            self.run(tool("hydragen-compile"), source, "-o", module, "--report=" + report, *options)
            with open(report, encoding="utf-8") as lines:
                for attention in json.load(lines)["attentions"]:
                    if attention["outcome"] != "shared" or not attention["guarded"]:
                        raise RuntimeError(f"expected guarded sharing, the report has {attention}")

        compile()
        self.run(tool("hydragen-compile"), source, "--emit=decomposed", "-o", decomposed)
        self.run(tool("hydragen-opt"), decomposed, "-hydragen-group-rows", "-o", grouped)
        for npz in files:
            self.run(tool("hydragen-run"), module, "--inputs=" + npz, "--expect=" + npz)
            for text in (decomposed, grouped):
                self.run(tool("hydragen-interpret"), text, "--inputs=" + npz, "--expect=" + npz, "--key=out")
        for options, emulator in SCHEDULES:
            compile("--sharing=always", "--target=cuda:sm_80", *options)
            for npz in files:
                self.run(tool("hydragen-run"), module, "--device=emulated", "--emulator=" + emulator, "--inputs=" + npz,
                         "--expect=" + npz, "--stats=" + stats)
                with open(stats, encoding="utf-8") as lines:
                    done = json.load(lines)
                if done["host_copies_bytes"] or not done["kernels"]:
                    raise RuntimeError(f"{npz} {options}: expected kernels and no copies, the statistics are {done}")

"""A lit format: corpus files that share, compiled for a GPU and run on the emulated one.

One test per file of `rewrite` and route linalg or iree: compiled for cuda:sm_80 it has
kernels, and its outputs are what the framework computed, with sharing as chosen and
with sharing forced.
"""

import json
import os

import lit.Test

from corpus_format import CorpusFormat


class EmulatedFormat(CorpusFormat):
    def getTestsInDirectory(self, suite, path, lit_config, local_config):
        for name in sorted(self.manifest):
            if self.manifest[name]["expect"] == "rewrite" and name.split(".")[1] in self.shared_routes:
                yield lit.Test.Test(suite, path + (name,), local_config,
                                    file_path=os.path.join(self.given, name))

    def execute(self, test, lit_config):
        name = os.path.basename(test.file_path)
        work = os.path.join(test.suite.getExecPath(test.path_in_suite) + ".tmp")
        os.makedirs(work, exist_ok=True)
        module, stats = os.path.join(work, "module.so"), os.path.join(work, "stats.json")
        npz = os.path.join(self.given, name.split(".")[0] + ".npz")
        for sharing in ["always", "auto"]:
            done = self.run([os.path.join(self.bin_dir, "hydragen-compile"), test.file_path, "-o", module,
                             "--target=cuda:sm_80", "--sharing=" + sharing])
            if done.returncode:
                return lit.Test.FAIL, f"compile ({sharing}): {done.stdout}"
            done = self.run([os.path.join(self.bin_dir, "hydragen-run"), module, "--device=emulated",
                             "--inputs=" + npz, "--expect=" + npz, "--stats=" + stats])
            if done.returncode:
                return lit.Test.FAIL, f"run ({sharing}): {done.stdout}"
            with open(stats, encoding="utf-8") as source:
                kernels = json.load(source)["kernels"]
            if not any(kernel["launches"] for kernel in kernels):
                return lit.Test.FAIL, f"nothing was launched: {kernels}"
        return lit.Test.PASS, ""

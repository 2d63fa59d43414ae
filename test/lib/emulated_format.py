"""A lit format: corpus files that share, compiled for a GPU and run on the emulated one.

One test per file of `rewrite`, and per file whose sharing is known at run time: compiled for cuda:sm_80 it has kernels, and its outputs are what the
framework computed, with sharing as chosen and with sharing forced. The report of forced
sharing says whether it is guarded; then nothing is copied to the host or from it.
"""

import json
import os

import lit.Test

from corpus_format import GUARDED, CorpusFormat


class EmulatedFormat(CorpusFormat):
    def getTestsInDirectory(self, suite, path, lit_config, local_config):
        for name in sorted(self.manifest):
            if name.split(".")[0] in GUARDED or self.manifest[name]["expect"] == "rewrite":
                yield lit.Test.Test(suite, path + (name,), local_config,
                                    file_path=os.path.join(self.given, name))

    def execute(self, test, lit_config):
        name = os.path.basename(test.file_path)
        work = os.path.join(test.suite.getExecPath(test.path_in_suite) + ".tmp")
        os.makedirs(work, exist_ok=True)
        module, stats, report = (os.path.join(work, file) for file in ("module.so", "stats.json", "report.json"))
        npz = os.path.join(self.given, name.split(".")[0] + ".npz")
        for sharing in ["always", "auto"]:
            done = self.run([os.path.join(self.bin_dir, "hydragen-compile"), test.file_path, "-o", module,
                             "--target=cuda:sm_80", "--sharing=" + sharing, "--report=" + report])
            if done.returncode:
                return lit.Test.FAIL, f"compile ({sharing}): {done.stdout}"
            done = self.run([os.path.join(self.bin_dir, "hydragen-run"), module, "--device=emulated",
                             "--inputs=" + npz, "--expect=" + npz, "--stats=" + stats])
            if done.returncode:
                return lit.Test.FAIL, f"run ({sharing}): {done.stdout}"
            with open(stats, encoding="utf-8") as source:
                values = json.load(source)
            kernels, guarded = values["kernels"], name.split(".")[0] in GUARDED
            if sharing == "always":
                with open(report, encoding="utf-8") as source:
                    attentions = json.load(source)["attentions"]
                if any(attention["guarded"] != guarded for attention in attentions):
                    return lit.Test.FAIL, f"expected {'a guard' if guarded else 'no guard'}, the report has {attentions}"
                if guarded and values["host_copies_bytes"]:
                    return lit.Test.FAIL, f"{values['host_copies_bytes']} bytes were copied to the host or from it"
            if not any(kernel["launches"] for kernel in kernels):
                return lit.Test.FAIL, f"nothing was launched: {kernels}"
        return lit.Test.PASS, ""

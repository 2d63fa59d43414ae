"""The suite: see docs/testing.md."""

import os
import shutil
import subprocess
import sys

import lit.formats
from lit.llvm.subst import ToolSubst  # noqa: F401 (documents where lit comes from)

config.name = "hydragen"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test", ".ptx"]
config.excludes = ["Inputs", "given", "bench", "Unit", "lit.cfg.py"]
config.test_source_root = os.path.join(config.hydragen_source_dir, "test")
config.test_exec_root = os.path.join(config.hydragen_build_dir, "test")

bin_dir = os.path.join(config.hydragen_build_dir, "bin")
helpers = os.path.join(config.test_source_root, "lib")
sys.path.insert(0, helpers)

config.environment["PATH"] = os.pathsep.join(
    [bin_dir, config.llvm_tools_dir, os.environ.get("PATH", "/usr/bin:/bin")])
config.environment["LC_ALL"] = "C"
config.environment["PYTHONPATH"] = helpers
# Variables of one function's checks do not leak into the next.
config.environment["FILECHECK_OPTS"] = "-enable-var-scope"
if config.sanitize:
    # The LLVM libraries are not instrumented: containers cross the border, and so do bump allocators, which headers poison.
    sanitizers = {
        "ASAN_OPTIONS": "detect_container_overflow=0:detect_leaks=0:detect_odr_violation=0:allow_user_poisoning=0",
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }
    config.environment.update(sanitizers)
    os.environ.update(sanitizers)  # for our own formats
    config.available_features.add("sanitizer")

roundtrip = " --verify-roundtrip" if config.verify_roundtrip else ""
config.substitutions += [
    ("%expect-exit", "%s %s" % (config.python, os.path.join(helpers, "expect_exit.py"))),
    ("%attend", "%s %s" % (config.python, os.path.join(helpers, "attend.py"))),
    ("%python", config.python),
    ("%make-npz", "%s %s" % (config.python, os.path.join(helpers, "make_npz.py"))),
    ("%corpus", os.path.join(config.test_source_root, "Corpus")),
    ("%source", config.hydragen_source_dir),
    ("%build", config.hydragen_build_dir),
    ("%sanitize", "-fsanitize=" + config.sanitize if config.sanitize else ""),
    ("%cc", config.c_compiler),
    ("%cxx", config.cxx_compiler),
    ("%mlir-opt", os.path.join(config.llvm_tools_dir, "mlir-opt")),
    # Only as a command, not in the name of a file or in text to look for.
    (r"(?<![\w./-])hydragen-opt(?![\w./:-])", os.path.join(bin_dir, "hydragen-opt") + roundtrip),
]

for feature, tool in [("ptxas", "ptxas"), ("gpu", "nvidia-smi"), ("chromium", "chromium"),
                      ("clang-format", "clang-format-22")]:
    if shutil.which(tool):
        config.available_features.add(feature)

# Kernels are checked with NumPy in the emulator.
if subprocess.run([config.python, "-c", "import numpy"], capture_output=True).returncode == 0:
    config.available_features.add("numpy")
if os.path.exists(os.path.join(bin_dir, "hydragen-emulate")):
    config.available_features.add("emulator")

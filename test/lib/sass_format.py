"""A lit format: machine code of attend kernels, by utils/sass-check with ptxas and nvdisasm from their wheels.

The wheels are installed into a folder of the build, so that every machine checks the same versions. Where they cannot be
had the tests are unsupported, with the reason.
"""

import fcntl
import glob
import os
import subprocess
import sys

import lit.formats
import lit.Test

WHEELS = ["nvidia-cuda-nvcc==13.0.88", "nvidia-cuda-nvdisasm==13.2.51"]


class SassFormat(lit.formats.FileBasedTest):
    """`tests`: name -> arguments of sass-check."""

    def __init__(self, script, bin_dir, folder, tests):
        self.script, self.bin_dir, self.folder, self.tests = script, bin_dir, folder, tests

    def getTestsInDirectory(self, suite, path, lit_config, local_config):
        for name in self.tests:
            yield lit.Test.Test(suite, path + (name,), local_config)

    def prepare(self):
        """Installs once; the reason when that cannot be."""
        stamp, wanted = os.path.join(self.folder, "installed"), " ".join(WHEELS)
        os.makedirs(self.folder, exist_ok=True)
        with open(os.path.join(self.folder, "lock"), "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if os.path.exists(stamp) and open(stamp, encoding="utf-8").read() == wanted:
                return None
            venv = os.path.join(self.folder, "venv")
            for command in ([sys.executable, "-m", "venv", "--clear", venv],
                            [os.path.join(venv, "bin", "python"), "-m", "pip", "install", "--quiet",
                             "--disable-pip-version-check"] + WHEELS):
                done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
                if done.returncode:
                    return f"{' '.join(command)}: {done.stdout[-500:]}"
            with open(stamp, "w", encoding="utf-8") as file:
                file.write(wanted)
        return None

    def find(self, name):
        found = glob.glob(os.path.join(self.folder, "venv", "lib", "python3*", "site-packages", "nvidia", "*", "bin",
                                       name))
        return found[0] if found else ""

    def execute(self, test, lit_config):
        if problem := self.prepare():
            return lit.Test.UNSUPPORTED, problem
        environment = dict(os.environ, HYDRAGEN_PTXAS=self.find("ptxas"), HYDRAGEN_NVDISASM=self.find("nvdisasm"))
        done = subprocess.run(
            [sys.executable, self.script, "--jobs=1", "--kernel", os.path.join(self.bin_dir, "hydragen-kernel"),
             "--compile", os.path.join(self.bin_dir, "hydragen-compile")] + self.tests[test.path_in_suite[-1]],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
        return (lit.Test.FAIL if done.returncode else lit.Test.PASS), done.stdout

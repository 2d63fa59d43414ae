"""A lit format: attention that Triton compiled, on the emulated GPU.

Triton is installed from its wheel into a folder of the build (it compiles without a GPU). Where it cannot be had the
tests are unsupported, with the reason.
"""

import fcntl
import os
import subprocess
import sys

import lit.formats
import lit.Test

WHEELS = ["triton==3.9.0", "numpy==2.4.6"]


class TritonFormat(lit.formats.FileBasedTest):
    def __init__(self, emulate, folder, names):
        self.emulate, self.folder, self.names = emulate, folder, names

    def getTestsInDirectory(self, suite, path, lit_config, local_config):
        for name in self.names:
            yield lit.Test.Test(suite, path + (name,), local_config)

    def run(self, command, timeout=600):
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout)

    def prepare(self, source):
        """Installs and compiles once: (unsupported because, failed because)."""
        python = os.path.join(self.folder, "venv", "bin", "python")
        stamp = os.path.join(self.folder, "installed")
        wanted = " ".join(WHEELS)
        os.makedirs(self.folder, exist_ok=True)
        with open(os.path.join(self.folder, "lock"), "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not os.path.exists(stamp) or open(stamp, encoding="utf-8").read() != wanted:
                for command in ([sys.executable, "-m", "venv", "--clear", os.path.join(self.folder, "venv")],
                                [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"] + WHEELS):
                    done = self.run(command)
                    if done.returncode:
                        return f"{' '.join(command)}: {done.stdout[-500:]}", None
                with open(stamp, "w", encoding="utf-8") as file:
                    file.write(wanted)
            script = os.path.join(source, "kernels.py")
            listing = os.path.join(self.folder, "kernels.json")
            if not os.path.exists(listing) or os.path.getmtime(listing) < os.path.getmtime(script):
                done = self.run([python, script, self.folder])
                if done.returncode:
                    return None, f"kernels.py: {done.stdout}"
        return None, None

    def execute(self, test, lit_config):
        source = os.path.dirname(test.getSourcePath())
        unsupported, failed = self.prepare(source)
        if unsupported:
            return lit.Test.UNSUPPORTED, unsupported
        if failed:
            return lit.Test.FAIL, failed
        done = self.run([os.path.join(self.folder, "venv", "bin", "python"), os.path.join(source, "check.py"),
                         self.emulate, self.folder, test.path_in_suite[-1]])
        return (lit.Test.FAIL if done.returncode else lit.Test.PASS), done.stdout

"""A lit format: random attentions (property_case.py), said in ways that must mean the same.

One test per seed. The float64 interpreter must find every relation equal to the definition, as written and after
hydragen-decompose (before it, for odd seeds, canonicalize, which merges and drops segments); every fifth seed also runs
the op on the CPU, with sharing and without. One more test, `coverage`, wants that the seeds really hold the shapes and
adversaries they are named after.
"""

import collections
import os
import subprocess

import lit.formats
import lit.Test

from property_case import ADVERSARIES, RELATIONS, SHAPES, Case

# The interpreter works in f64: room for scores of 30000 (ulp 4e-12).
EXACT = ["--atol=1e-9", "--rtol=1e-9"]


def get_features(case):
    """What is in a case, by the names of the issue's list."""
    shared = [node for node in case.nodes if not node.own]
    features = {"shape: " + case.shape, "adversary: " + case.adversary}
    features.update("mod: " + mod for mod in case.mods)
    features.update(name for name, present in [
        ("batch 1", case.batch == 1),
        ("no suffix", not any(node.own for node in case.nodes)),
        ("one-token suffix", any(node.own and node.size == 1 for node in case.nodes)),
        ("empty segment", any(node.size == 0 for node in case.nodes)),
        ("uneven tree", any(node.gaps() and node.children for node in shared)),
        ("three levels", any(child.children for node in case.nodes[:1] for child in node.children)),
        ("grouped heads", case.group > 1),
        ("token moved", any(node.size and node.children for node in shared)),
        ("sink", case.sink),
        ("sink of -inf", case.sink and case.data["%sink"][1][0] == -float("inf")),
        ("infinite mask", "causal" in case.mods and case.fill == "0xFF800000"),
        ("finite mask", "causal" in case.mods and case.fill != "0xFF800000"),
        ("hidden rows give 0", case.adversary == "hidden rows" and case.zero_rows and not case.sink),
        ("hidden rows give NaN", case.adversary == "hidden rows" and not case.zero_rows and not case.sink),
        ("lengths differ", "ragged" in case.mods and len(set(case.data["%len"][1])) > 1)] if present)
    return features


class PropertyFormat(lit.formats.FileBasedTest):
    def __init__(self, bin_dir, seeds):
        self.bin_dir, self.seeds = bin_dir, seeds

    def getTestsInDirectory(self, suite, path, lit_config, local_config):
        for name in ["coverage"] + [f"seed-{seed}" for seed in range(self.seeds)]:
            yield lit.Test.Test(suite, path + (name,), local_config)

    def run(self, tool, arguments):
        done = subprocess.run([os.path.join(self.bin_dir, tool)] + arguments, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=120)
        return None if done.returncode == 0 else f"{' '.join(done.args)}\nexit {done.returncode}: {done.stdout}"

    def check_coverage(self):
        found = collections.Counter(feature for seed in range(self.seeds) for feature in get_features(Case(seed)))
        wanted = ["shape: " + shape for shape in SHAPES] + ["adversary: " + adversary for adversary in ADVERSARIES]
        wanted += ["mod: " + mod for mod in ["softcap", "bias", "causal", "ragged", "shift", "nan"]]
        wanted += ["batch 1", "no suffix", "one-token suffix", "empty segment", "uneven tree", "three levels",
                   "grouped heads", "token moved", "sink", "sink of -inf", "infinite mask", "finite mask",
                   "hidden rows give 0", "hidden rows give NaN", "lengths differ"]
        return "\n".join(f"{feature}: in {found[feature]} seeds" for feature in wanted if found[feature] < 2)

    def execute(self, test, lit_config):
        name = test.path_in_suite[-1]
        if name == "coverage":
            problem = self.check_coverage()
        else:
            work = test.suite.getExecPath(test.path_in_suite) + ".tmp"
            os.makedirs(work, exist_ok=True)
            problem = self.check(int(name.split("-")[1]), work)
        return (lit.Test.FAIL, problem) if problem else (lit.Test.PASS, "")

    def check(self, seed, work):
        case = Case(seed)
        source, decomposed, inputs = (os.path.join(work, name) for name in ["all.mlir", "decomposed.mlir", "inputs.npz"])
        with open(source, "w", encoding="utf-8") as out:
            out.write(case.module())
        case.write_inputs(inputs)
        same = ["--entry=" + ",".join(RELATIONS), "--expect-entry=naive", "--inputs=" + inputs] + EXACT
        passes = ["--canonicalize", "--hydragen-decompose"] if seed % 2 else ["--hydragen-decompose"]
        return (self.run("hydragen-interpret", [source] + same)
                or self.run("hydragen-opt", [source, "-o", decomposed] + passes)
                or self.run("hydragen-interpret", [decomposed] + same)
                or (self.check_on_cpu(case, source, inputs, work) if seed % 5 == seed // 5 % 5 else None))

    def check_on_cpu(self, case, source, inputs, work):
        alone, want = os.path.join(work, "base.mlir"), os.path.join(work, "want.npz")
        with open(alone, "w", encoding="utf-8") as out:
            out.write(case.base("main"))
        problem = self.run("hydragen-interpret", [source, "--entry=naive", "--inputs=" + inputs, "--round-outputs",
                                                  "--outputs=" + want])
        # A score s is rounded when it is summed, modified and taken to base 2: at most 4 ulps of s (2^-24 relative,
        # each) that change a weight by exp of as much, in the numerator and in the denominator.
        bound = str(1e-5 + 8 * 2.0 ** -24 * 1.4427 * case.score_bound)
        for sharing in ["always", "never"]:
            problem = problem or self.run("hydragen-run", [alone, "--device=cpu", "--sharing=" + sharing, "--inputs=" + inputs,
                                                           "--expect=" + want, "--atol=" + bound, "--rtol=" + bound])
        return problem

"""Faults planted in PTX kernels.

  emulate_faults.py planted FILE.ptx   every FAULT of the file gives exactly its
                                       report, the file as it is gives none
  emulate_faults.py mutate FILE.ptx    every wait, barrier, fence and commit is
                                       dropped in turn, every acquire and release
                                       relaxed: reported, or the result is wrong,
                                       or the file says why not

Comments in the file say how:
  // LAUNCH --grid=1 --block=64 --arg=in:u32:64 --arg=out:u32:64
      the command line of hydragen-emulate without file names; inputs count up
      from 0 (f32: in steps of 1/4; f16: mixed from -1 to 1). Several lines make
      one.
  // EXPECT OUTPUT EXPRESSION
      element i of output number OUTPUT, in Python, from i and the inputs in0, ...
      Without any, a mutant's outputs are compared with those of the original.
  // FAULT @label -> KIND[|KIND] [FRAGMENT [OTHER]]
      without the line that ends in "// @label" there is one report of that kind
      at an instruction with FRAGMENT in its text (and the other one with OTHER)
  // FAULT @label TEXT -> KIND ...
      the line is replaced by TEXT
  // KEEPS @label: why dropping this line shows nothing
  // PTX FILE
      the kernel is in another file; @bar.sync-2 stands for its second bar.sync

A case runs under several schedules and both landings of cp.async.
"""

import json
import os
import re
import struct
import subprocess
import sys
import tempfile

SCHEDULES = [("rr", "late", "1"), ("reverse", "late", "1"), ("random:1", "late", "2"),
             ("random:2", "eager", "1"), ("rr", "eager", "2"), ("random:3", "late", "1")]
FORMATS = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q", "s32": "i", "s64": "q", "f32": "f", "f16": "e"}
NPY = {"u8": "|u1", "u16": "<u2", "u32": "<u4", "u64": "<u8", "s32": "<i4", "s64": "<i8", "f32": "<f4",
       "f16": "<f2"}
SYNCHRONISES = re.compile(
    r"^\s*(@!?%\w+\s+)?(bar\.|barrier\.|membar|fence|cp\.async\.(wait|commit))")
ORDERS = re.compile(r"^\s*(@!?%\w+\s+)?(ld|st|atom|red)\.\S*\b(acquire|release|acq_rel)\b")


def write_npy(path, dtype, values):
    header = "{'descr': '%s', 'fortran_order': False, 'shape': (%d,), }" % (NPY[dtype], len(values))
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        file.write(struct.pack("<%d%s" % (len(values), FORMATS[dtype]), *values))


def read_npy(path, dtype):
    with open(path, "rb") as file:
        data = file.read()
    data = data[10 + struct.unpack("<H", data[8:10])[0]:]
    count = len(data) // struct.calcsize(FORMATS[dtype])
    return list(struct.unpack("<%d%s" % (count, FORMATS[dtype]), data))


class Fixture:
    def __init__(self, path):
        with open(path) as file:
            directives = file.read().splitlines()
        self.lines = directives
        self.launch, self.expect, self.faults, self.keeps = [], {}, [], {}
        self.original = None
        for line in directives:
            match = re.match(r"// (LAUNCH|EXPECT|FAULT|KEEPS|PTX) (.*)", line)
            if not match:
                continue
            text = match.group(2).strip()
            if match.group(1) == "LAUNCH":
                self.launch += text.split()
            elif match.group(1) == "PTX":
                with open(os.path.join(os.path.dirname(path), text)) as file:
                    self.lines = file.read().splitlines()
            elif match.group(1) == "EXPECT":
                output, expression = text.split(None, 1)
                self.expect[int(output)] = expression
            elif match.group(1) == "KEEPS":
                label, reason = text.split(":", 1)
                self.keeps[label.strip()] = reason.strip()
            else:
                edit, report = text.rsplit("->", 1)
                label, _, replacement = edit.strip().partition(" ")
                report = report.split()
                self.faults.append((label, replacement.strip(), report[0].split("|"), report[1:]))

    def find(self, label):
        found = [i for i, line in enumerate(self.lines)
                 if line.rstrip().endswith("// " + label) and not line.startswith("// ")]
        if len(found) != 1:
            sys.exit("%s is on %d lines" % (label, len(found)))
        return found[0]

    def run(self, folder, lines, schedule):
        """Exit code, reports, outputs by number."""
        with open(os.path.join(folder, "case.ptx"), "w") as file:
            file.write("\n".join(lines) + "\n")
        command, inputs, outputs = ["hydragen-emulate", "case.ptx"], 0, []
        for word in self.launch:
            match = re.match(r"--arg=(in|out|inout):(\w+):(\d+)$", word)
            if not match:
                command.append(word)
                continue
            kind, dtype, count = match.group(1), match.group(2), int(match.group(3))
            name = "%s%d.npy" % (kind, len(command))
            if kind == "out":
                outputs.append((name, dtype))
                command.append("--arg=out:%s:%s:%d" % (name, dtype, count))
                continue
            values = self.make_input(dtype, count) if kind == "in" else [0] * count
            write_npy(os.path.join(folder, name), dtype, values)
            if kind == "inout":
                outputs.append((name, dtype))
            command.append("--arg=%s:%s" % (kind, name))
        order, landing, threads = schedule
        command += ["--schedule=" + order, "--async=" + landing, "--threads=" + threads,
                    "--stats=stats.json"]
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              universal_newlines=True, timeout=120)
        if done.returncode not in (0, 1):
            sys.exit("exit code %d of %s\n%s" % (done.returncode, " ".join(command), done.stdout))
        with open(os.path.join(folder, "stats.json")) as file:
            stats = json.load(file)
        reports = [report for kernel in stats["kernels"] for report in kernel.get("reports", [])]
        return done.returncode, reports, [read_npy(os.path.join(folder, name), dtype)
                                          for name, dtype in outputs], done.stdout

    @staticmethod
    def make_input(dtype, count):
        make = {"f32": lambda i: i / 4, "f16": lambda i: (i * 7919 % 257 - 128) / 128,
                "u8": lambda i: i % 256}.get(dtype, lambda i: i)
        return [make(i) for i in range(count)]

    def is_right(self, outputs):
        if not self.expect and self.original is not None:
            return outputs == self.original
        inputs = {}
        for word in self.launch:
            match = re.match(r"--arg=in:(\w+):(\d+)$", word)
            if match:
                inputs["in%d" % len(inputs)] = self.make_input(match.group(1), int(match.group(2)))
        for number, expression in self.expect.items():
            code = compile(expression, "EXPECT", "eval")
            for i, value in enumerate(outputs[number]):
                want = eval(code, dict(inputs, i=i))
                if want is not None and value != want:
                    return False
        return True


def check_original(fixture, folder):
    for schedule in SCHEDULES:
        code, reports, outputs, text = fixture.run(folder, fixture.lines, schedule)
        if code or reports:
            sys.exit("the correct kernel is reported under %s:\n%s" % (schedule, text))
        if not fixture.is_right(outputs):
            sys.exit("wrong result under %s: %s" % (schedule, outputs))
        fixture.original = outputs


def planted(fixture, folder):
    check_original(fixture, folder)
    for label, replacement, kinds, fragments in fixture.faults:
        lines = list(fixture.lines)
        lines[fixture.find(label)] = replacement
        for schedule in SCHEDULES:
            code, reports, _, text = fixture.run(folder, lines, schedule)
            place = "%s '%s' under %s" % (label, replacement, schedule)
            if code != 1 or len(reports) != 1 or reports[0]["kind"] not in kinds:
                sys.exit("%s: expected one report of %s:\n%s" % (place, kinds, text))
            seen = [reports[0]["instruction"], reports[0].get("other", {}).get("instruction", "")]
            for fragment, instruction in zip(fragments, seen):
                if fragment not in instruction:
                    sys.exit("%s: '%s' is not in '%s'" % (place, fragment, instruction))
    print("%d faults, each with its report" % len(fixture.faults))


def mutate(fixture, folder):
    check_original(fixture, folder)
    caught, kept, wrong, seen = 0, set(), [], {}
    for number, line in enumerate(fixture.lines):
        if not SYNCHRONISES.match(line) and not ORDERS.match(line):
            continue
        lines = list(fixture.lines)
        lines[number] = (re.sub(r"\.(acquire|release|acq_rel)\b", ".relaxed", line)
                         if ORDERS.match(line) else "")
        name = line.strip().rstrip(";").split()[0]
        seen[name] = seen.get(name, 0) + 1
        label = (line.rpartition("// ")[2].strip() if "// @" in line
                 else "@%s-%d" % (name, seen[name]))
        survives = True
        for schedule in SCHEDULES:
            code, _, outputs, _ = fixture.run(folder, lines, schedule)
            if code or not fixture.is_right(outputs):
                survives = False
                break
        if survives and label not in fixture.keeps:
            wrong.append("line %d (%s) may be dropped and nothing shows: %s"
                         % (number + 1, label, line.strip()))
        if not survives and label in fixture.keeps:
            wrong.append("line %d is caught, the file says it is not: %s" % (number + 1, line.strip()))
        if survives:
            kept.add(label)
        else:
            caught += 1
    wrong += ["no line is dropped for %s" % label for label in set(fixture.keeps) - kept]
    if wrong:
        sys.exit("\n".join(wrong))
    print("%d mutants caught, %d kept with a reason" % (caught, len(kept)))


def main():
    mode, path = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        {"planted": planted, "mutate": mutate}[mode](Fixture(path), folder)


if __name__ == "__main__":
    main()

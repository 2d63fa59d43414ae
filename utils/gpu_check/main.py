"""gpu-check: conformance and benchmarks of compiled modules on a GPU (docs/gpu-check.md)."""

import argparse
import os
import re
import sys

import grids
import pack
import run
from common import Failure

HERE = os.path.dirname(os.path.abspath(__file__))


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Failure(2, message)


def words(text):
    return [word for word in text.split(",") if word]


def expression(text):
    try:
        re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"is no regular expression: {error}") from error
    return text


def positive(text):
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def parse(arguments):
    parser = Parser(prog="gpu-check", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=Parser)
    make = commands.add_parser("pack", help="compile the modules and put a pack together", description=pack.__doc__)
    make.add_argument("out", metavar="OUT.tar")
    source = os.path.dirname(os.path.dirname(HERE))
    make.add_argument("--source", default=source, help="this repository")
    make.add_argument("--build", default=os.path.join(source, "build", "release"), help="the build tree (default build/release)")
    make.add_argument("--targets", type=words, default=["sm_80", "sm_90"], help="default sm_80,sm_90")
    make.add_argument("--suites", type=words, default=["fig4", "fasttree", "pat", "corpus"],
                      help=f"benchmarks, of {','.join(grids.SUITES)} (default all but smoke)")
    make.add_argument("--all-suffixes", action="store_true", help="fig4 with all 33 suffixes, not 6")
    make.add_argument("--filter", type=expression, help="only what this expression finds in conformance/NAME or benchmarks/NAME")
    make.add_argument("--cubin", action="store_true", help="with machine code by ptxas, so that nothing is compiled there")
    make.add_argument("--jobs", type=positive, default=os.cpu_count() or 1)
    check = commands.add_parser("run", help="run a pack", description=run.__doc__)
    check.add_argument("--pack", default=os.path.dirname(HERE), help="a pack or its folder (default: where this stands)")
    check.add_argument("--out", default="gpu-check.json", metavar="FILE.json")
    check.add_argument("--table", metavar="FILE.md", help="the table, which is also printed")
    check.add_argument("--filter", type=expression, help="as for pack; what is left out is counted in the table")
    check.add_argument("--rounds", type=positive, default=10, help="of interleaved runs (default 10)")
    check.add_argument("--calls", type=positive, default=10, help="timed calls of each in a round (default 10)")
    check.add_argument("--jobs", type=positive, default=1, help="conformance cases at once (default 1)")
    check.add_argument("--timeout", type=positive, default=600, help="seconds for one run of hydragen-run (default 600)")
    options = parser.parse_args(arguments)
    for suite in getattr(options, "suites", []):
        if suite not in grids.SUITES:
            raise Failure(2, f"--suites: unknown suite {suite!r}, expected {', '.join(grids.SUITES)}")
    return options


def main():
    try:
        options = parse(sys.argv[1:])
        return pack.pack(options) if options.command == "pack" else run.run(options)
    except Failure as failure:
        print(f"gpu-check: error: {failure}", file=sys.stderr)
        return failure.code
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

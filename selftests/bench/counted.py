# SPDX-License-Identifier: GPL-2.0-only
"""Run programs in guests of lane bench, or $LANE, with the plugin that counts instructions."""
import bisect
import collections
import os
import re
import subprocess

HERE = os.path.dirname(os.path.realpath(__file__))
REPO = os.path.dirname(os.path.dirname(HERE))
CACHE = os.environ.get("PMEM_HEAPS_CACHE", os.path.join(REPO, ".cache"))
FOLDER = os.path.join(CACHE, "bench", "counted")
LANE = os.environ.get("LANE", "bench")


def build(program):
    os.makedirs(f"{FOLDER}/{program}", exist_ok=True)
    flags = ["-O2", "-Wall", "-Wextra", "-Werror", "-pthread"]
    subprocess.run(["gcc", *flags, "-fPIC", "-shared", "-o", f"{FOLDER}/count_insns.so",
                    f"{HERE}/count_insns.c"], check=True)
    subprocess.run(["aarch64-linux-gnu-gcc", *flags, "-D_GNU_SOURCE", "-static", f"-I{REPO}/uapi",
                    "-o", f"{FOLDER}/{program}/{program}", f"{HERE}/{program}.c"], check=True)


class Run:
    """Output and counts of a program; some counts are averages per round."""

    def __init__(self, program, arguments, vm_options, plugin=""):
        counts = f"{FOLDER}/counts.{os.getpid()}"
        said = subprocess.run(
            [f"{REPO}/selftests/qemu/vm", "--lane", LANE, "--overlay", f"{HERE}/board.dtso",
             *vm_options, "--qemu-arg", "-plugin",
             "--qemu-arg", f"{FOLDER}/count_insns.so,out={counts}{plugin}",
             "--share", f"{FOLDER}/{program}", "--", "sh", "-c",
             '"$@" && cat /proc/kallsyms', "sh", program, *arguments],
            check=True, stdout=subprocess.PIPE, text=True).stdout
        with open(counts, encoding="ascii") as file:
            self.lines = [line.split() for line in file]
        os.unlink(counts)
        self.said = said
        self.rounds = int(re.search(r"^rounds (\d+)$", said, re.MULTILINE).group(1))
        found = sorted((int(line.group(1), 16), line.group(2)) for line in
                       re.finditer(r"^([0-9a-f]{16}) [tTwW] (\S+)", said, re.MULTILINE))
        names = [(addr, name) for addr, name in found if not name.startswith("$")]
        self.addresses = [addr for addr, _ in names]
        self.names = [name for _, name in names]

    def function_at(self, addr):
        place = bisect.bisect_right(self.addresses, int(addr, 16)) - 1
        return self.names[place] if place >= 0 else "(user space)"

    def by_function(self, phases=(1, 2, 3, 4)):
        sums = collections.Counter()
        for kind, *rest in self.lines:
            if kind == "at" and int(rest[0]) in phases:
                sums[self.function_at(rest[1])] += int(rest[2]) / self.rounds
        return sums

    def totals(self, what="total"):
        """(phase, processor) -> instructions; what="waited": those of others meanwhile"""
        return {(int(rest[0]), int(rest[1])): int(rest[2]) / self.rounds
                for kind, *rest in self.lines if kind == what}

    def held(self):
        """function that takes a lock -> [times, most, sum]"""
        locks = {}
        for kind, *rest in self.lines:
            if kind == "held":
                times, most, total = map(int, rest[1:])
                lock = locks.setdefault(self.function_at(rest[0]), [0, 0, 0])
                lock[0] += times
                lock[1] = max(lock[1], most)
                lock[2] += total
        return locks

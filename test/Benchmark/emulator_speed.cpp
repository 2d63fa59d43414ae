//===- emulator_speed.cpp - how fast the emulated GPU is --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// emulator_speed ATTENTION.ptx: lane-instructions per second on an attention
// kernel with all checks on, nanoseconds per warp-wide instruction, and what a
// second host thread gains. Rates are per second of computing, the gain is of
// the wall's clock, so that only the gain needs a quiet machine. Nothing is
// judged here; the best of some repeats is printed.
//===----------------------------------------------------------------------===//

#include "Launch.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>

using namespace hydragen::emulated;

namespace {

/// Seconds of a clock: the wall's, or what all threads of this process
/// computed.
double read(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
}

struct Seconds {
  double wall = INFINITY, computed = INFINITY;
};

bool load(Program &program, std::string text, Memory &memory) {
  std::vector<ParseError> errors;
  if (program.load(std::move(text), memory, errors))
    return true;
  for (const ParseError &error : errors)
    std::fprintf(stderr, "emulator_speed: error: line %d: %s\n",
                 error.position.line, error.message.c_str());
  return false;
}

/// A run of the attention kernel takes 20 ms, less than a neighbour's slice of
/// a shared machine.
constexpr int kRepeats = 30;

/// The fastest of `repeats` runs. False: one failed.
bool time(const Launch &launch, Memory &memory, int repeats,
          LaunchResult &result, Seconds &best) {
  for (int i = 0; i < repeats; ++i) {
    result = LaunchResult();
    double wall = read(CLOCK_MONOTONIC);
    double computed = read(CLOCK_PROCESS_CPUTIME_ID);
    if (std::optional<std::string> error = run(launch, memory, result)) {
      std::fprintf(stderr, "emulator_speed: error: %s\n", error->c_str());
      return false;
    }
    best.wall = std::min(best.wall, read(CLOCK_MONOTONIC) - wall);
    best.computed =
        std::min(best.computed, read(CLOCK_PROCESS_CPUTIME_ID) - computed);
  }
  for (const Fault &fault : result.faults)
    std::fprintf(stderr, "emulator_speed: error: %s\n", fault.title.c_str());
  return result.faults.empty();
}

/// 256 times `instruction` in a loop of 200: what one costs, with dispatch.
bool timeInstruction(const char *name, const std::string &instruction,
                     MmaMode mma = MmaMode::Fast) {
  std::string text = ".version 8.0\n.target sm_80\n.address_size 64\n"
                     ".entry k() {\n.reg .b16 %h<8>;\n.reg .b32 %r<32>;\n"
                     ".reg .b64 %d<8>;\n.reg .pred %p<8>;\n"
                     ".shared .align 16 .b8 s[2048];\n.reg .b32 %i, %a, %t;\n";
  for (int r = 0; r < 32; ++r)
    text += "mov.b32 %r" + std::to_string(r) + ", 0x3c003c00;\n";
  text += "mov.u32 %t, %tid.x; mov.u32 %a, s; shl.b32 %t, %t, 4;\n"
          "add.u32 %a, %a, %t; st.shared.v4.b32 [%a], {%r0, %r1, %r2, %r3};\n"
          "st.shared.v4.b32 [%a+512], {%r0, %r1, %r2, %r3};\n"
          "bar.warp.sync -1; mov.b64 %d1, 7; setp.ne.s32 %p1, %t, 48;\n"
          "mov.u32 %i, 0;\nloop:\n";
  for (int i = 0; i < 256; ++i)
    text += instruction + "\n";
  text += "add.u32 %i, %i, 1; setp.lt.u32 %p0, %i, 200; @%p0 bra loop;\n"
          "ret;\n}\n";
  Memory memory;
  Program program;
  if (!load(program, text, memory))
    return false;
  Launch launch;
  launch.program = &program;
  launch.kernel = program.findKernel("k");
  launch.block[0] = 32;
  launch.options.mma = mma;
  LaunchResult result;
  Seconds seconds;
  if (!time(launch, memory, 5, result, seconds))
    return false;
  std::printf("%-32s %8.1f ns\n", name, seconds.computed / (256 * 200) * 1e9);
  return true;
}

bool timeAttention(const std::string &text) {
  constexpr uint32_t queries = 128, keys = 1024, heads = 4, depth = 128;
  Memory memory;
  Program program;
  if (!load(program, text, memory))
    return false;
  Launch launch;
  launch.program = &program;
  launch.kernel = program.findKernel("fa");
  if (!launch.kernel || getNumParameters(*launch.kernel) != 8) {
    std::fprintf(stderr, "emulator_speed: error: no kernel 'fa' of q, k, v, o, "
                         "lse, queries, keys, scale\n");
    return false;
  }
  launch.parameters.resize(getParameterBytes(*launch.kernel));
  auto set = [&](size_t index, const void *value, size_t bytes) {
    uint32_t offset;
    uint64_t size;
    getParameter(*launch.kernel, index, offset, size);
    std::memcpy(launch.parameters.data() + offset, value, bytes);
  };
  const uint64_t elements[] = {uint64_t(heads) * queries * depth,
                               uint64_t(heads) * keys * depth,
                               uint64_t(heads) * keys * depth};
  uint32_t state = 1;
  for (size_t i = 0; i < 3; ++i) {
    Allocation *array = memory.allocate(elements[i] * 2, "in");
    uint16_t *halves = reinterpret_cast<uint16_t *>(array->data);
    // Numbers between 0.5 and 1 of either sign.
    for (uint64_t j = 0; j < elements[i]; ++j) {
      state = state * 1664525 + 1013904223;
      halves[j] = uint16_t(0x3800 | (state >> 16 & 0x83ff));
    }
    array->allInit = true;
    set(i, &array->base, 8);
  }
  Allocation *o = memory.allocate(elements[0] * 2, "o");
  Allocation *lse = memory.allocate(uint64_t(heads) * queries * 4, "lse");
  set(3, &o->base, 8);
  set(4, &lse->base, 8);
  float scale = 1.4426950408889634f / std::sqrt(float(depth));
  set(5, &queries, 4);
  set(6, &keys, 4);
  set(7, &scale, 4);
  launch.grid[0] = queries / 64;
  launch.grid[1] = heads;
  launch.block[0] = 128;
  launch.sharedBytes = 65536;
  Seconds seconds[2];
  for (unsigned threads : {1u, 2u}) {
    launch.options.threads = threads;
    LaunchResult result;
    Seconds &s = seconds[threads - 1];
    if (!time(launch, memory, kRepeats, result, s))
      return false;
    std::printf("attention, all checks, %u thread%s %8.3f G lane-instructions/s"
                " per core (%.1f ms, %llu mma)\n",
                threads, threads == 1 ? " " : "s",
                double(result.counters.laneInstructions) / s.computed / 1e9,
                s.wall * 1e3,
                (unsigned long long)(result.counters.mmaFlops / 4096));
  }
  std::printf("gain of the second thread           %8.2f x\n",
              seconds[0].wall / seconds[1].wall);
  launch.options.threads = 1;
  launch.options.checks = false;
  LaunchResult result;
  Seconds unchecked;
  if (!time(launch, memory, kRepeats, result, unchecked))
    return false;
  std::printf("attention, no checks, 1 thread   %8.3f G lane-instructions/s"
              " per core\n",
              double(result.counters.laneInstructions) / unchecked.computed /
                  1e9);
  return true;
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: emulator_speed ATTENTION.ptx\n");
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "emulator_speed: error: %s: cannot be read\n",
                 argv[1]);
    return 2;
  }
  std::string text((std::istreambuf_iterator<char>(file)),
                   std::istreambuf_iterator<char>());
  const std::string mma =
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%r0, %r1, %r2, %r3}, "
      "{%r4, %r5, %r6, %r7}, {%r8, %r9}, {%r10, %r11, %r12, %r13};";
  bool done =
      timeAttention(text) && timeInstruction("mma m16n8k16 f16, fast", mma) &&
      timeInstruction("mma m16n8k16 f16, ampere", mma, MmaMode::Ampere) &&
      timeInstruction("ldmatrix x4", "ldmatrix.sync.aligned.m8n8.x4.shared.b16 "
                                     "{%r0, %r1, %r2, %r3}, [%a];") &&
      timeInstruction("ld.shared.b32", "ld.shared.b32 %r0, [%a];") &&
      timeInstruction("fma.rn.f32", "fma.rn.f32 %r0, %r1, %r2, %r3;") &&
      timeInstruction("add.f32", "add.f32 %r0, %r1, %r2;") &&
      timeInstruction("max.f32", "max.f32 %r0, %r1, %r2;") &&
      timeInstruction("ex2.approx.ftz.f32", "ex2.approx.ftz.f32 %r0, %r1;") &&
      timeInstruction("cvt.rn.f16x2.f32", "cvt.rn.f16x2.f32 %r0, %r1, %r2;") &&
      timeInstruction("add.s32", "add.s32 %r0, %r1, %r2;") &&
      timeInstruction("mad.lo.s32", "mad.lo.s32 %r0, %r1, %r2, %r3;") &&
      timeInstruction("xor.b32", "xor.b32 %r0, %r1, %r2;") &&
      timeInstruction("add.s64", "add.s64 %d0, %d1, 8;") &&
      timeInstruction("setp.lt.s32", "setp.lt.s32 %p2, %r1, %r2;") &&
      timeInstruction("selp.b32", "selp.b32 %r0, %r1, %r2, %p1;") &&
      timeInstruction("@p add.f32", "@%p1 add.f32 %r0, %r1, %r2;") &&
      timeInstruction("shfl.sync.bfly",
                      "shfl.sync.bfly.b32 %r0, %r1, 1, 31, -1;");
  return done ? 0 : 1;
}

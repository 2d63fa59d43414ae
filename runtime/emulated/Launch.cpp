//===- Launch.cpp - check a launch, set up its blocks -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scheduler.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

using namespace hydragen::emulated;

// Limits of sm_80 (CUDA C++ Programming Guide, "Compute Capabilities").
static constexpr uint32_t maxThreads = 1024;
static constexpr uint32_t maxBlock[3] = {1024, 1024, 64};
static constexpr uint32_t maxGrid[3] = {0x7fffffff, 65535, 65535};

namespace {
struct Architecture {
  unsigned number;
  /// Shared memory of a block.
  uint32_t sharedBytes;
};
} // namespace
static constexpr Architecture architectures[] = {{80, 163 * 1024},
                                                 {86, 99 * 1024},
                                                 {87, 163 * 1024},
                                                 {89, 99 * 1024},
                                                 {90, 227 * 1024}};

bool Options::set(const std::string &key, const std::string &value) {
  const std::string random = "random:";
  if (key == "checks" && (value == "all" || value == "none")) {
    checks = value == "all";
  } else if (key == "mma" && (value == "fast" || value == "ampere")) {
    mma = value == "fast" ? MmaMode::Fast : MmaMode::Ampere;
  } else if (key == "async" && (value == "late" || value == "eager")) {
    asyncLate = value == "late";
  } else if (key == "schedule" && value == "rr") {
    schedule = ScheduleKind::RoundRobin;
  } else if (key == "schedule" && value == "reverse") {
    schedule = ScheduleKind::Reverse;
  } else if (key == "schedule" &&
             value.compare(0, random.size(), random) == 0) {
    std::string digits = value.substr(random.size());
    if (digits.empty() ||
        digits.find_first_not_of("0123456789") != std::string::npos)
      return false;
    errno = 0;
    uint64_t number = std::strtoull(digits.c_str(), nullptr, 10);
    if (errno)
      return false;
    schedule = ScheduleKind::Random;
    seed = number;
  } else {
    return false;
  }
  return true;
}

bool Options::setAll(const std::string &list) {
  Options changed = *this;
  for (size_t begin = 0; begin <= list.size();) {
    size_t end = std::min(list.find(',', begin), list.size());
    std::string item = list.substr(begin, end - begin);
    size_t equals = item.find('=');
    if (equals == std::string::npos ||
        !changed.set(item.substr(0, equals), item.substr(equals + 1)))
      return false;
    begin = end + 1;
  }
  *this = changed;
  return true;
}

bool hydragen::emulated::isKnownArchitecture(unsigned architecture) {
  for (const Architecture &known : architectures)
    if (known.number == architecture)
      return true;
  return false;
}

/// The number in "sm_90a, ..."; 0 when there is none.
static unsigned getTarget(const Module &module) {
  size_t at = module.target.find("sm_");
  return at == std::string::npos
             ? 0
             : unsigned(std::atoi(module.target.c_str() + at + 3));
}

static std::optional<std::string> checkLaunch(const Launch &launch,
                                              LaunchState &state) {
  const Function &function = *launch.kernel->function;
  auto text = [](uint64_t value) { return std::to_string(value); };
  auto list = [&](const auto *v) {
    return "(" + text(v[0]) + "," + text(v[1]) + "," + text(v[2]) + ")";
  };
  uint64_t threads = 1;
  for (int i = 0; i < 3; ++i) {
    char axis = "xyz"[i];
    if (launch.grid[i] == 0 || launch.grid[i] > maxGrid[i])
      return std::string("grid ") + axis + " is " + text(launch.grid[i]) +
             ", must be 1 to " + text(maxGrid[i]);
    if (launch.block[i] == 0 || launch.block[i] > maxBlock[i])
      return std::string("block ") + axis + " is " + text(launch.block[i]) +
             ", must be 1 to " + text(maxBlock[i]);
    threads *= launch.block[i];
  }
  if (threads > maxThreads)
    return "a block of " + text(threads) + " threads exceeds the limit of " +
           text(maxThreads);
  if (function.requiredBlock[0])
    for (int i = 0; i < 3; ++i)
      if (launch.block[i] != std::max(1u, function.requiredBlock[i]))
        return "block " + list(launch.block) + " is not the one that '" +
               function.name + "' requires, " + list(function.requiredBlock);
  if (function.maxBlock[0]) {
    uint64_t most = 1;
    for (unsigned extent : function.maxBlock)
      most *= std::max(1u, extent);
    if (threads > most)
      return "a block of " + text(threads) + " threads exceeds .maxntid of '" +
             function.name + "', " + text(most);
  }
  unsigned target = getTarget(*launch.kernel->module);
  unsigned wanted = launch.options.architecture;
  if (wanted && target > wanted)
    return "the module is for sm_" + text(target) + ", newer than sm_" +
           text(wanted);
  uint32_t maxShared = architectures[0].sharedBytes;
  for (const Architecture &known : architectures)
    if (known.number == (wanted ? wanted : std::max(target, 80u)))
      maxShared = known.sharedBytes;
  uint64_t shared = launch.kernel->sharedStatic;
  if (launch.sharedBytes) {
    uint64_t align = launch.kernel->sharedDynamicAlign;
    shared = (shared + align - 1) / align * align + launch.sharedBytes;
  }
  if (shared > maxShared)
    return text(shared) + " bytes of shared memory exceed the limit of " +
           text(maxShared);
  if (launch.parameters.size() != launch.kernel->paramBytes)
    return text(launch.parameters.size()) + " bytes of parameters, '" +
           function.name + "' has " + text(launch.kernel->paramBytes);
  state.sharedBytes = uint32_t(shared);
  state.threadsPerBlock = unsigned(threads);
  state.warpsPerBlock = unsigned((threads + 31) / 32);
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

/// The value of a special register in a lane; `thread` is linear.
static uint64_t getSpecial(const LaunchState &state, const Block &block,
                           const std::string &name, unsigned thread) {
  const Launch &launch = state.launch;
  unsigned lane = thread % 32;
  unsigned tid[3] = {thread % launch.block[0],
                     thread / launch.block[0] % launch.block[1],
                     thread / launch.block[0] / launch.block[1]};
  auto axis = [&] { return name.back() - 'x'; };
  auto starts = [&](const char *prefix) { return name.rfind(prefix, 0) == 0; };
  if (starts("%tid."))
    return tid[axis()];
  if (starts("%ntid."))
    return launch.block[axis()];
  if (starts("%ctaid."))
    return block.id[axis()];
  if (starts("%nctaid."))
    return launch.grid[axis()];
  if (name == "%laneid")
    return lane;
  if (name == "%warpid")
    return thread / 32;
  if (name == "%nwarpid")
    return state.warpsPerBlock;
  // One multiprocessor for each block, as many as an A100 has.
  if (name == "%smid")
    return block.linear % 108;
  if (name == "%nsmid")
    return 108;
  if (name == "%lanemask_eq")
    return 1u << lane;
  if (name == "%lanemask_lt")
    return (1u << lane) - 1;
  if (name == "%lanemask_le")
    return (2u << lane) - 1;
  if (name == "%lanemask_gt")
    return ~((2u << lane) - 1);
  if (name == "%lanemask_ge")
    return ~((1u << lane) - 1);
  if (name == "%dynamic_smem_size")
    return launch.sharedBytes;
  if (name == "%total_smem_size")
    return state.sharedBytes;
  if (name == "%cluster_nctarank")
    return 1;
  // Rank in the cluster, environment, grid number; clocks are set when read.
  return 0;
}

static void fillFile(const LaunchState &state, const Block &block, Warp &w,
                     bool fresh) {
  const Code &code = state.code;
  uint32_t *file = w.registers;
  std::memset(file, 0, size_t(code.constantsBegin) * 4);
  if (fresh)
    std::copy(code.constants.begin(), code.constants.end(),
              file + code.constantsBegin);
  for (const Code::Fixup &fixup : code.fixups) {
    uint64_t address =
        *state.launch.program->findSymbol(fixup.symbol) + fixup.addend;
    std::fill_n(w.wides(fixup.slot), 32, address);
  }
  for (const Code::SpecialRegister &special : code.specials)
    for (unsigned lane = 0; lane < 32; ++lane) {
      uint64_t value =
          getSpecial(state, block, special.name, w.index * 32 + lane);
      if (special.bits == 64)
        w.wides(special.slot)[lane] = value;
      else
        file[special.slot + lane] = uint32_t(value);
    }
}

void hydragen::emulated::startBlock(LaunchState &state, Block &block,
                                    uint64_t linear) {
  const Launch &launch = state.launch;
  const Code &code = state.code;
  bool fresh = block.warps.empty();
  block.launch = &state;
  block.linear = linear;
  block.id[0] = uint32_t(linear % launch.grid[0]);
  block.id[1] = uint32_t(linear / launch.grid[0] % launch.grid[1]);
  block.id[2] = uint32_t(linear / launch.grid[0] / launch.grid[1]);
  if (fresh) {
    block.warps = std::vector<Warp>(state.warpsPerBlock);
    // Registers are aligned to the host's cache lines.
    size_t words = (size_t(code.fileSize) + 15) / 16 * 16;
    block.files.resize(words * state.warpsPerBlock + 16);
    uintptr_t base = reinterpret_cast<uintptr_t>(block.files.data());
    uint32_t *first = reinterpret_cast<uint32_t *>((base + 63) / 64 * 64);
    for (unsigned i = 0; i < state.warpsPerBlock; ++i) {
      Warp &w = block.warps[i];
      w.block = &block;
      w.code = &code;
      w.index = i;
      w.registers = first + words * i;
      unsigned threads = std::min(32u, state.threadsPerBlock - 32 * i);
      w.initial = threads == 32 ? ~0u : (1u << threads) - 1;
    }
  }
  for (Barrier &barrier : block.barriers)
    barrier = Barrier();
  block.disordered = block.aborted = false;
  block.changes = block.publishedChanges = 0;
  block.hasTurn = block.wantsTurn = block.hadTurn = false;
  block.nextWarp = ~0u;
  block.running = 0;
  block.budget = 0;
  block.seenChanges = block.seenHash = block.seenRounds = 0;
  block.seenPower = 1;
  block.stuckAt = ~uint64_t(0);
  block.random = state.options.seed * 0x9e3779b97f4a7c15 + linear;
  block.shared.reset(state.sharedBytes, state.warpsPerBlock);
  for (Warp &w : block.warps) {
    w.alive = w.active = w.initial;
    w.pc = 0;
    w.stopPc = ~0u;
    w.event = w.forced = false;
    w.missed = 0;
    w.others.clear();
    std::fill(std::begin(w.committed), std::end(w.committed), 0);
    for (std::unique_ptr<AsyncCopy> &copy : w.copies)
      w.freeCopies.push_back(std::move(copy));
    w.copies.clear();
    w.local.assign(size_t(code.localBytes) * 32, 0);
    w.localInit.assign(size_t(code.localBytes) * 32, 0);
    w.counters = Counters();
    w.lastAllocation = nullptr;
    fillFile(state, block, w, fresh);
  }
  startCausality(block);
}

std::optional<std::string> hydragen::emulated::run(const Launch &launch,
                                                   Memory &memory,
                                                   LaunchResult &result) {
  LaunchState state(launch, memory);
  if (auto error = checkLaunch(launch, state))
    return error;
  memory.startLaunch();
  result.counters = Counters();
  runBlocks(state, result.counters);
  result.faults = state.faults.take();
  return std::nullopt;
}

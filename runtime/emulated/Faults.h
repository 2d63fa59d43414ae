//===- Faults.h - what a kernel did wrong -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_EMULATED_FAULTS_H
#define HYDRAGEN_RUNTIME_EMULATED_FAULTS_H

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace hydragen::emulated {

enum class FaultKind : uint8_t {
  OutOfBounds,
  Misaligned,
  Uninitialized,
  SharedRace,
  GlobalRace,
  AsyncPending,
  Divergent,
  BarrierCount,
  Deadlock,
  InactiveLane,
  ReadOnly,
  Trap,
  BadOperand
};

/// "out-of-bounds", ...
const char *getName(FaultKind kind);
/// "0", "0-3,7"
std::string formatLanes(uint32_t lanes);
/// Statement text on one line.
std::string getOneLine(std::string_view text);
/// "0x7f00"
std::string formatHex(uint64_t value);

struct Fault {
  FaultKind kind = FaultKind::OutOfBounds;
  /// The first line of the report.
  std::string title;
  /// Index of the instruction in its function, -1 for none.
  int64_t instruction = -1, otherInstruction = -1;
  uint32_t block[3] = {}, thread[3] = {};
  uint64_t blockLinear = 0;
  unsigned warp = 0;
  uint32_t lanes = 0;
  uint64_t address = 0;
  bool hasAddress = false;
  /// Further lines.
  std::vector<std::string> notes;
  /// How often it was seen.
  uint64_t count = 1;
};

/// Collects faults of all host threads: the same kind at the same instruction
/// is kept once, from the lowest block and warp, so that the list does not
/// depend on the number of host threads.
class FaultLog {
public:
  void add(Fault fault);
  std::vector<Fault> take();
  bool empty();

private:
  using Key = std::tuple<FaultKind, int64_t, int64_t, std::string>;
  std::mutex mutex;
  std::map<Key, Fault> faults;
};

} // namespace hydragen::emulated

#endif // HYDRAGEN_RUNTIME_EMULATED_FAULTS_H

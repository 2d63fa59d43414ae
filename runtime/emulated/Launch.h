//===- Launch.h - load a PTX module and run its kernels ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_EMULATED_LAUNCH_H
#define HYDRAGEN_RUNTIME_EMULATED_LAUNCH_H

#include "Counters.h"
#include "Faults.h"
#include "Memory.h"
#include "Ptx.h"

#include <map>
#include <memory>
#include <optional>

namespace hydragen::emulated {

struct Code;

enum class MmaMode : uint8_t { Fast, Ampere };
enum class ScheduleKind : uint8_t { RoundRobin, Reverse, Random };

struct Options {
  bool checks = true;
  MmaMode mma = MmaMode::Fast;
  ScheduleKind schedule = ScheduleKind::RoundRobin;
  uint64_t seed = 0;
  /// cp.async data lands at the wait (false: at once).
  bool asyncLate = true;
  /// Host threads. Results and counters do not depend on it.
  unsigned threads = 1;
  /// The device: 80 for sm_80. 0: the module's .target, at least sm_80.
  unsigned architecture = 0;

  /// Sets one option from its words on command lines: checks = all | none,
  /// mma = fast | ampere, schedule = rr | reverse | random:SEED,
  /// async = late | eager. False, and nothing changed, for anything else.
  bool set(const std::string &key, const std::string &value);
  /// A list, key=value,key=value. False when an item is not known.
  bool setAll(const std::string &list);
};

/// sm_80, sm_86, sm_87, sm_89, sm_90.
bool isKnownArchitecture(unsigned architecture);

/// A module ready to run: decoded kernels and its global variables.
class Program {
public:
  Program();
  ~Program();
  Program(Program &&);
  Program &operator=(Program &&);

  /// Parses and decodes. False: `errors` has at least one entry; every unknown
  /// instruction of the module is one.
  bool load(std::string text, Memory &memory, std::vector<ParseError> &errors);
  const Module &getModule() const { return *module; }
  const Code *findKernel(std::string_view name) const;
  /// In the order of the text.
  std::vector<std::string> getKernelNames() const;
  /// Address of a module variable of the global or constant space.
  std::optional<uint64_t> findSymbol(std::string_view name) const;

private:
  std::unique_ptr<Module> module;
  std::map<std::string, std::unique_ptr<Code>, std::less<>> kernels;
  std::map<std::string, uint64_t, std::less<>> symbols;
};

/// One launch. The limits are the device's: shared memory, 1024 threads a
/// block, ...
struct Launch {
  const Program *program = nullptr;
  const Code *kernel = nullptr;
  uint32_t grid[3] = {1, 1, 1}, block[3] = {1, 1, 1};
  uint32_t sharedBytes = 0;
  /// The parameter buffer, laid out as the kernel declares; see
  /// getParameter().
  std::vector<uint8_t> parameters;
  Options options;
};

struct LaunchResult {
  Counters counters;
  std::vector<Fault> faults;
};

/// Number of parameters; place and size of parameter `index` in the buffer.
size_t getNumParameters(const Code &code);
void getParameter(const Code &code, size_t index, uint32_t &offset,
                  uint64_t &size);
uint32_t getParameterBytes(const Code &code);
const std::string &getKernelName(const Code &code);

/// The counters as a JSON object, with the names that --stats has; `faults` is
/// the number of reports.
std::string formatCountersJson(const Counters &counters, size_t faults);

/// Runs a kernel to its end. A string: the launch itself is impossible and
/// nothing ran (grid, block, shared memory or parameters).
std::optional<std::string> run(const Launch &launch, Memory &memory,
                               LaunchResult &result);

/// The report of a fault in compute-sanitizer's words, lines without the
/// "========= " mark.
std::vector<std::string> formatFault(const Fault &fault, const Code &code,
                                     const std::string &file);
/// The same as a JSON object on one line: kind, title, kernel, file, line,
/// column, instruction, source (of .loc), other (the second access), block,
/// thread, warp, lanes, address, notes, count.
std::string formatFaultJson(const Fault &fault, const Code &code,
                            const std::string &file);

} // namespace hydragen::emulated

#endif // HYDRAGEN_RUNTIME_EMULATED_LAUNCH_H

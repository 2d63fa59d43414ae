//===- Manifest.h - what a module says of itself ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The manifest is an ELF section that the runtime reads before it loads the
// module: a 32-byte header (magic, ABI version, size of the text, size and
// CRC-32 of the file), then JSON. docs/runtime.md has the schema.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TARGET_MANIFEST_H
#define HYDRAGEN_TARGET_MANIFEST_H

#include "hydragen/Target/TargetSpec.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include <optional>
#include <string>
#include <vector>

namespace hydragen {

constexpr unsigned kModuleABI = 1;
constexpr llvm::StringLiteral kManifestSection = ".hydragen.manifest";

/// A tensor of an entry's signature; extent -1 is dynamic.
struct TensorInfo {
  std::string name;
  std::string dtype;
  std::vector<int64_t> shape;
  std::optional<int64_t> aliasOutput;
  /// On the device: the layouts that the entry takes, "compact" for none but
  /// that; bytes that divide the first element's address, 0: the element's.
  std::string strides = "compact";
  unsigned alignment = 16;
};

/// What one call does in all launches of a kernel: formulas of docs/runtime.md,
/// "" where none is known.
struct WorkInfo {
  std::string kernel, flops, bytes;
};

struct EntryInfo {
  std::string name;
  /// "cpu", or "cuda" for the devices cuda and emulated.
  std::string device = "cpu";
  /// Where an entry of device cuda has its tensors: "device" or "host".
  std::string placement = "host";
  /// Behind the names of the entry's functions in the IR.
  std::string suffix;
  std::vector<TensorInfo> inputs, outputs;
  std::vector<WorkInfo> work;
};

/// One kernel of a module's images.
struct KernelInfo {
  std::string name;
  unsigned threads = 0, sharedBytes = 0, parameterBytes = 0;
  /// In images of sm_90 and later it waits itself for the kernels before it.
  bool waits = false;
};

/// The kernels for one architecture: PTX text or a cubin.
struct ImageInfo {
  unsigned arch = 0;
  bool cubin = false;
  std::string data;
};

/// All that a module says of itself.
struct ModuleInfo {
  std::vector<std::string> targets;
  std::vector<EntryInfo> entries;
  std::vector<KernelInfo> kernels;
  std::vector<ImageInfo> images;
};

/// Reads the signature of an entry on tensors. Reports what cannot be said.
mlir::FailureOr<EntryInfo> getEntryInfo(mlir::func::FuncOp function);

/// Reads off the lowered entry which layouts its arguments may have and what
/// its kernels do.
void readLowered(mlir::func::FuncOp function, EntryInfo &info);

/// Header and JSON; size and CRC of the file are still zero.
std::string makeManifest(const CPUTarget &host, const ModuleInfo &info);

/// Writes size and CRC of the file into the manifest section of `file`, an ELF
/// shared object.
llvm::Error sealModule(llvm::MutableArrayRef<char> file);

} // namespace hydragen

#endif // HYDRAGEN_TARGET_MANIFEST_H

//===- DeviceWorkspace.h - buffers of unknown size on the device *- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The workspace of an entry on the device, behind the buffers of known sizes:
// those of unknown sizes one behind the other as the entry comes to them, and
// behind what there is at an attention that attention's own. All sizes follow
// from the extents of the entry's arguments, so the host knows them before.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_DEVICEWORKSPACE_H
#define HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_DEVICEWORKSPACE_H

#include "AttendSizes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace mlir::hydragen {

/// A buffer of unknown size that the workspace can have.
bool isDynamicBuffer(Operation *op);
/// Whether there is one in `function`.
bool hasDynamicBuffers(func::FuncOp function);

/// Goes through an entry: what lies where.
class DeviceWorkspace {
public:
  /// `start` (index): the end of the buffers of known sizes.
  explicit DeviceWorkspace(Value start) : used(start), total(start) {}

  /// Where the buffer begins.
  Value place(IndexBuilder &index, memref::AllocOp alloc);
  /// An attention needs `bytes` behind `getUsed`.
  void reserve(IndexBuilder &index, Value bytes) {
    total = index.max(total, index.add(used, bytes));
  }
  Value getUsed() const { return used; }
  Value getTotal() const { return total; }

private:
  Value used, total;
};

/// Makes `name`, a function (pointer to input shapes) -> i64, of what the entry
/// `function` needs beside the buffers of known sizes; null, and the reason,
/// when that does not follow from its arguments' extents. `simplify` runs
/// passes that fold extents.
func::FuncOp
makeWorkspaceFunction(func::FuncOp function, StringRef name,
                      function_ref<LogicalResult(func::FuncOp)> simplify,
                      std::string &reason);

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_DEVICEWORKSPACE_H

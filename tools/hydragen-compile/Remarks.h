//===- Remarks.h - remarks as lines on stderr -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TOOLS_COMPILE_REMARKS_H
#define HYDRAGEN_TOOLS_COMPILE_REMARKS_H

#include "mlir/IR/Location.h"

#include <functional>
#include <string>

namespace hydragen::compile {

/// From now on each remark of category "hydragen" is one line on stderr:
///
///   hydragen-compile: remark: FILE:LINE:COL: NAME: text [REASON-CODE]
///
/// with the reason code of missed ones. `describe` writes the place.
void printRemarks(mlir::MLIRContext &context,
                  std::function<std::string(mlir::Location)> describe);

} // namespace hydragen::compile

#endif // HYDRAGEN_TOOLS_COMPILE_REMARKS_H

//===- Report.h - what was found and shared ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TOOLS_COMPILE_REPORT_H
#define HYDRAGEN_TOOLS_COMPILE_REPORT_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <string>

namespace hydragen::compile {

/// The records that the front passes left on the entry as attribute
/// `hydragen.records`, an array of dictionaries: one softmax attention each, in
/// program order, with the keys of the report's schema.
std::string makeJSONReport(mlir::func::FuncOp entry);

/// The same as a page to read.
std::string makeHTMLReport(mlir::func::FuncOp entry);

/// Removes the records.
void removeRecords(mlir::func::FuncOp entry);

} // namespace hydragen::compile

#endif // HYDRAGEN_TOOLS_COMPILE_REPORT_H

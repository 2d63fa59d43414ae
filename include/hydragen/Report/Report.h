//===- Report.h - what was found and shared ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reports are written from the #hydragen.attention_record list that the front
// passes leave on a function; the op itself is not looked at.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_REPORT_REPORT_H
#define HYDRAGEN_REPORT_REPORT_H

#include "hydragen/IR/Hydragen.h"

#include "mlir/Interfaces/FunctionInterfaces.h"
#include <string>

namespace mlir::hydragen {

/// The records as JSON, one object per attention in program order. Unknown
/// numbers are null.
std::string makeJSONReport(FunctionOpInterface entry);

/// The records as one page without scripts and external resources.
std::string makeHTMLReport(FunctionOpInterface entry);

/// Takes the records off the function.
void removeRecords(FunctionOpInterface entry);

/// FILE:LINE:COL of the first place in a location that has one, else "unknown".
std::string getPlace(Location location);

} // namespace mlir::hydragen

#endif // HYDRAGEN_REPORT_REPORT_H

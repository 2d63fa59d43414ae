//===- Page.h - text of an HTML page ----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_REPORT_PAGE_H
#define HYDRAGEN_LIB_REPORT_PAGE_H

#include "hydragen/IR/Hydragen.h"

#include "llvm/Support/raw_ostream.h"
#include <string>

namespace mlir::hydragen {

/// Text from the input for a page: markup, quotes and control characters are
/// harmless, bytes that are no UTF-8 replaced.
std::string escapeHTML(StringRef text);

/// 12,345; "?" for an unknown number.
std::string formatCount(int64_t number);
/// 1.5 MiB; "unknown".
std::string formatBytes(int64_t bytes);
/// 1.5 ms, from microseconds.
std::string formatTime(double microseconds);
/// "0–3, 6, 8–9", at most `limit` runs.
std::string formatRuns(ArrayRef<int64_t> ascending, unsigned limit = 8);

/// The tree of a record as inline SVG and as a list of sentences. `id` is
/// unique on the page.
void drawTree(raw_ostream &os, AttentionRecordAttr record, StringRef id);

/// The style sheet.
extern const char *const kStyle;

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_REPORT_PAGE_H

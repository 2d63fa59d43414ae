//===- Remarks.cpp - remarks as lines on stderr -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Remarks.h"

#include "mlir/IR/Remarks.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace {
class LinePrinter final : public remark::detail::MLIRRemarkStreamerBase {
public:
  explicit LinePrinter(std::function<std::string(Location)> describe)
      : describe(std::move(describe)) {}

  void streamOptimizationRemark(const remark::detail::Remark &remark) override {
    std::string text, code;
    for (const remark::detail::Remark::Arg &argument : remark.getArgs()) {
      if (argument.key == "Remark")
        text += argument.val;
      else if (argument.key == "reason-code")
        code = " [" + argument.val + "]";
    }
    llvm::errs() << "hydragen-compile: remark: "
                 << describe(remark.getLocation()) << ": "
                 << remark.getRemarkName() << ": " << text << code << "\n";
  }

private:
  std::function<std::string(Location)> describe;
};
} // namespace

void hydragen::compile::printRemarks(
    MLIRContext &context, std::function<std::string(Location)> describe) {
  remark::RemarkCategories categories;
  // `all` alone enables nothing.
  categories.passed = categories.missed = "hydragen";
  // Fails only for a malformed filter.
  (void)remark::enableOptimizationRemarks(
      context, std::make_unique<LinePrinter>(std::move(describe)),
      std::make_unique<remark::RemarkEmittingPolicyAll>(), categories);
}

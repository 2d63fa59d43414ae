//===- SoftFloat.cpp - conversions that a CPU may lack ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM calls compiler-rt's functions for conversions without an instruction.
// Modules have no compiler runtime, so they carry their own, correctly rounded.
//===----------------------------------------------------------------------===//

#include "SoftFloat.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

// truncdf*: rounding to odd keeps one sticky bit, so that the second rounding
// is that of the exact value.
static constexpr const char *kText = R"(
define float @__extendhfsf2(half %x) {
  %h = bitcast half %x to i16
  %w = zext i16 %h to i32
  %signed = and i32 %w, 32768
  %sign = shl i32 %signed, 16
  %em = and i32 %w, 32767
  %shifted = shl i32 %em, 13
  %normal = add i32 %shifted, 939524096
  %special = or i32 %shifted, 2139095040
  %count = uitofp i32 %em to float
  %small = fmul float %count, 0x3E70000000000000
  %subnormal = bitcast float %small to i32
  %is.special = icmp uge i32 %em, 31744
  %is.subnormal = icmp ult i32 %em, 1024
  %a = select i1 %is.special, i32 %special, i32 %normal
  %b = select i1 %is.subnormal, i32 %subnormal, i32 %a
  %bits = or i32 %b, %sign
  %r = bitcast i32 %bits to float
  ret float %r
}
define half @__truncsfhf2(float %x) {
  %bits = bitcast float %x to i32
  %a = and i32 %bits, 2147483647
  %high = lshr i32 %bits, 16
  %sign = and i32 %high, 32768
  %abs = bitcast i32 %a to float
  %sum = fadd float %abs, 5.000000e-01
  %sum.bits = bitcast float %sum to i32
  %subnormal = sub i32 %sum.bits, 1056964608
  %cut = lshr i32 %a, 13
  %odd = and i32 %cut, 1
  %rebased = sub i32 %a, 939524096
  %biased = add i32 %rebased, 4095
  %rounded = add i32 %biased, %odd
  %normal = lshr i32 %rounded, 13
  %payload = and i32 %cut, 511
  %nan = or i32 %payload, 32256
  %is.nan = icmp ugt i32 %a, 2139095040
  %is.large = icmp uge i32 %a, 1199566848
  %is.small = icmp ult i32 %a, 947912704
  %r0 = select i1 %is.small, i32 %subnormal, i32 %normal
  %r1 = select i1 %is.large, i32 31744, i32 %r0
  %r2 = select i1 %is.nan, i32 %nan, i32 %r1
  %r3 = or i32 %r2, %sign
  %h = trunc i32 %r3 to i16
  %r = bitcast i16 %h to half
  ret half %r
}
define bfloat @__truncsfbf2(float %x) {
  %bits = bitcast float %x to i32
  %cut = lshr i32 %bits, 16
  %odd = and i32 %cut, 1
  %biased = add i32 %bits, 32767
  %rounded = add i32 %biased, %odd
  %number = lshr i32 %rounded, 16
  %nan = or i32 %cut, 64
  %is.nan = fcmp uno float %x, %x
  %r0 = select i1 %is.nan, i32 %nan, i32 %number
  %h = trunc i32 %r0 to i16
  %r = bitcast i16 %h to bfloat
  ret bfloat %r
}
define internal float @hydragen_round_to_odd(double %x) {
  %near = fptrunc double %x to float
  %back = fpext float %near to double
  %bits = bitcast float %near to i32
  %odd = and i32 %bits, 1
  %even = icmp eq i32 %odd, 0
  %inexact = fcmp one double %back, %x
  %move = and i1 %even, %inexact
  %abs.back = call double @llvm.fabs.f64(double %back)
  %abs.x = call double @llvm.fabs.f64(double %x)
  %below = fcmp olt double %abs.back, %abs.x
  %step = select i1 %below, i32 1, i32 -1
  %moved = add i32 %bits, %step
  %result = select i1 %move, i32 %moved, i32 %bits
  %r = bitcast i32 %result to float
  ret float %r
}
declare double @llvm.fabs.f64(double)
define half @__truncdfhf2(double %x) {
  %f = call float @hydragen_round_to_odd(double %x)
  %r = call half @__truncsfhf2(float %f)
  ret half %r
}
define bfloat @__truncdfbf2(double %x) {
  %f = call float @hydragen_round_to_odd(double %x)
  %r = call bfloat @__truncsfbf2(float %f)
  ret bfloat %r
}
)";

void hydragen::addSoftFloat(llvm::Module &module) {
  SMDiagnostic diagnostic;
  std::unique_ptr<llvm::Module> code =
      parseAssemblyString(kText, diagnostic, module.getContext());
  if (!code)
    report_fatal_error(diagnostic.getMessage());
  code->setDataLayout(module.getDataLayout());
  code->setTargetTriple(module.getTargetTriple());
  SmallVector<std::string> names;
  for (Function &function : *code)
    if (!function.isDeclaration() && !function.hasLocalLinkage())
      names.push_back(function.getName().str());
  Linker::linkModules(module, std::move(code));
  SmallVector<GlobalValue *> kept;
  for (const std::string &name : names) {
    Function *function = module.getFunction(name);
    function->setVisibility(GlobalValue::HiddenVisibility);
    kept.push_back(function);
  }
  appendToCompilerUsed(module, kept);
}

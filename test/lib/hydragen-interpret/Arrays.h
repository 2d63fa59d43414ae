//===- Arrays.h - arrays of files as values of the interpreter --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TEST_INTERPRET_ARRAYS_H
#define HYDRAGEN_TEST_INTERPRET_ARRAYS_H

#include "../Interpreter/Values.h"

#include "Npz.h"

#include "llvm/Support/Error.h"

namespace hydragen::interpret {

/// The array as a value of type `type`; the error says what does not fit.
/// bf16 and fp8 come as unsigned integers of their width, i1 as bool or u8.
llvm::Expected<interpreter::RuntimeValue> toValue(const runtime::Array &array,
                                                  mlir::Type type);

/// The value as an array: floats as f64, or as they are with `native`.
runtime::Array toArray(const interpreter::RuntimeValue &value, mlir::Type type,
                       bool native);

/// The inputs that hydragen-run --random=SEED makes: N(0,1), integers and i1 0
/// or 1. The error says what cannot be made.
llvm::Expected<interpreter::RuntimeValue>
makeRandom(mlir::Type type, uint64_t seed, uint64_t argument);

} // namespace hydragen::interpret

#endif // HYDRAGEN_TEST_INTERPRET_ARRAYS_H

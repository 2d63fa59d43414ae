//===- DataType.h - element types of arguments and arrays -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_CORE_DATATYPE_H
#define HYDRAGEN_RUNTIME_CORE_DATATYPE_H

#include "hydragen/runtime.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hydragen::runtime {

enum class DataType {
  F64,
  F32,
  F16,
  BF16,
  F8E4M3,
  F8E5M2,
  I64,
  I32,
  I16,
  I8,
  U64,
  U32,
  U16,
  U8,
  I1
};

/// "f32", "bf16", "i1", ...; nullopt for anything else.
std::optional<DataType> parseDataType(std::string_view name);
std::string_view getName(DataType type);
/// Bytes of an element; i1 has one.
unsigned getSize(DataType type);
bool isFloat(DataType type);
/// Whether a DLPack tensor of `type` can be passed for `wanted`. bf16 and fp8
/// may come as unsigned integers of their width, i1 as bool or u8.
bool accepts(DataType wanted, DLDataType type);
std::string describe(DLDataType type);

/// Element `index` of an array as a double (integers beyond 2^53 round).
double getElement(DataType type, const void *data, int64_t index);
/// Stores a double, rounded to nearest even; integers by truncation.
void setElement(DataType type, void *data, int64_t index, double value);

} // namespace hydragen::runtime

#endif // HYDRAGEN_RUNTIME_CORE_DATATYPE_H

//===- ExecMatrix.cpp - loads, stores and moves of matrices -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// 8 x 8 matrices of 16 bits: lane l holds row l / 4, columns 2 (l % 4) and the
// next, so that a register is the matrix, row by row. Lane 8 j + r gives the
// address of row r of matrix j (PTX ISA 9.7.14.5.15).
//===----------------------------------------------------------------------===//

#include "Mma.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

using namespace hydragen::emulated;

namespace {

enum : uint8_t { flagWide = 1, flagTranspose = 2, flagGeneric = 4 };

EMULATED_INLINE void transpose(uint32_t *matrix) {
#if defined(__x86_64__)
  __m128i *rows = reinterpret_cast<__m128i *>(matrix);
  __m128i r[8], a[8], b[8];
  for (int i = 0; i < 8; ++i)
    r[i] = _mm_loadu_si128(rows + i);
  for (int i = 0; i < 4; ++i) {
    a[2 * i] = _mm_unpacklo_epi16(r[2 * i], r[2 * i + 1]);
    a[2 * i + 1] = _mm_unpackhi_epi16(r[2 * i], r[2 * i + 1]);
  }
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j) {
      b[4 * i + 2 * j] = _mm_unpacklo_epi32(a[4 * i + j], a[4 * i + 2 + j]);
      b[4 * i + 2 * j + 1] = _mm_unpackhi_epi32(a[4 * i + j], a[4 * i + 2 + j]);
    }
  for (int i = 0; i < 4; ++i) {
    _mm_storeu_si128(rows + 2 * i, _mm_unpacklo_epi64(b[i], b[4 + i]));
    _mm_storeu_si128(rows + 2 * i + 1, _mm_unpackhi_epi64(b[i], b[4 + i]));
  }
#else
  uint16_t from[64], to[64];
  std::memcpy(from, matrix, sizeof(from));
  for (int row = 0; row < 8; ++row)
    for (int column = 0; column < 8; ++column)
      to[column * 8 + row] = from[row * 8 + column];
  std::memcpy(matrix, to, sizeof(to));
#endif
}

/// Row addresses of the first 8 * op.count lanes.
EMULATED_INLINE void getAddresses(const Warp &w, const Op &op,
                                  uint32_t *addresses) {
  if (op.a != noSlot && !(op.flags & (flagWide | flagGeneric))) {
    for (int i = 0; i < 32; ++i)
      addresses[i] = w.registers[op.a + i] + uint32_t(op.imm);
    return;
  }
  for (int i = 0; i < 8 * op.count; ++i) {
    uint64_t address = uint64_t(op.imm);
    if (op.a != noSlot)
      address += op.flags & flagWide ? w.get64(op.a, i) : w.get32(op.a, i);
    if (op.a != noSlot && !(op.flags & flagWide))
      address = uint32_t(address);
    if (op.flags & flagGeneric)
      address -= sharedWindow;
    addresses[i] = address > 0xffffffff ? ~0u : uint32_t(address);
  }
}

EMULATED_INLINE void loadMatrices(Warp &w, const Op &op, uint32_t mask) {
  if (!checkConverged(w, op, mask))
    return;
  uint32_t addresses[32];
  getAddresses(w, op, addresses);
  const uint32_t *slots = w.list(op);
  bool direct = mask == ~0u;
  uint32_t storage[4][32];
  uint8_t *out[4];
  for (int j = 0; j < op.count; ++j)
    out[j] =
        reinterpret_cast<uint8_t *>(direct ? w.words(slots[j]) : storage[j]);
  readMatrixRows(w, op, addresses, op.count, out);
  for (int j = 0; j < op.count; ++j) {
    uint32_t *matrix = reinterpret_cast<uint32_t *>(out[j]);
    if (op.flags & flagTranspose)
      transpose(matrix);
    if (direct)
      continue;
    for (int lane = 0; lane < 32; ++lane)
      if (mask >> lane & 1)
        w.words(slots[j])[lane] = matrix[lane];
  }
}

struct LoadMatrices {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    loadMatrices(w, op, mask);
  }
};

void storeMatrices(Warp &w, const Op &op, uint32_t mask) {
  if (!checkConverged(w, op, mask))
    return;
  uint32_t addresses[32];
  getAddresses(w, op, addresses);
  const uint32_t *slots = w.list(op);
  uint32_t storage[4][32];
  const uint8_t *in[4];
  for (int j = 0; j < op.count; ++j) {
    std::memcpy(storage[j], w.words(slots[j]), sizeof(storage[j]));
    if (op.flags & flagTranspose)
      transpose(storage[j]);
    in[j] = reinterpret_cast<const uint8_t *>(storage[j]);
  }
  writeMatrixRows(w, op, addresses, op.count, in);
}

void moveMatrix(Warp &w, const Op &op, uint32_t mask) {
  if (!checkConverged(w, op, mask))
    return;
  uint32_t matrix[32];
  std::memcpy(matrix, w.words(op.a), sizeof(matrix));
  transpose(matrix);
  uint32_t *d = w.words(op.d);
  for (int lane = 0; lane < 32; ++lane)
    if (mask >> lane & 1)
      d[lane] = matrix[lane];
}

} // namespace

bool hydragen::emulated::selectMatrix(Decoder &d) {
  Op &op = d.op;
  const std::string &name = d.instruction->opcode;
  if (name == "mma")
    return selectMma(d);
  if (!d.has("sync") || !d.has("aligned") || !d.has("m8n8") || !d.has("b16"))
    return false;
  if (!d.hasOnly({"sync", "aligned", "m8n8", "trans", "shared", "shared::cta",
                  "x1", "x2", "x4"}))
    return false;
  if (name == "movmatrix") {
    op.run = moveMatrix;
    return d.has("trans") && useAll(d, typeB32, {typeB32});
  }
  bool store = name == "stmatrix";
  op.count = d.has("x1") ? 1 : d.has("x2") ? 2 : d.has("x4") ? 4 : 0;
  if (!op.count || d.numOperands() != 2)
    return false;
  op.run = store ? storeMatrices : Handler(compiled<LoadMatrices>);
  uint8_t count = op.count;
  if (!d.address(d.operand(store ? 0 : 1)))
    return false;
  if (d.has("trans"))
    op.flags |= flagTranspose;
  if (!d.has("shared") && !d.has("shared::cta"))
    op.flags |= flagGeneric;
  auto elements = Decoder::elements(d.operand(store ? 1 : 0));
  if (elements.size() != count)
    return d.fail("expected " + std::to_string(count) + " registers, got " +
                  std::to_string(elements.size()));
  std::vector<uint32_t> slots;
  for (const Operand *element : elements) {
    slots.push_back(store ? d.use(*element, typeB32)
                          : d.def(*element, typeB32));
    if (slots.back() == noSlot)
      return false;
  }
  d.beginList();
  for (uint32_t slot : slots)
    d.addToList(slot);
  return true;
}

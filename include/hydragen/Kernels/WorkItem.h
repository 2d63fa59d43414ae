//===- WorkItem.h - the launch ABI of attend kernels ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One launch of `attend` computes a list of work items in device memory. These
// structs are what the plan kernel, a host program or a test writes and what
// the kernel reads: plain C, little endian, 16-byte aligned arrays.
// docs/kernels.md explains them.
//
// Words used below:
//  * A logical row is a number below 2^31 with mixed-radix digits, one per row
//    dim of the kernel (KernelConfig::rowRank), the last digit running fastest.
//    Digits times strides give the place of the row in Q and in the output.
//  * A local key is an index into the item's own K and V, 0 at `keys`; its
//    absolute position, which masks and score modifications see, is
//    local key + key_position.
//  * A state row is (o: `value columns padded to 16` f32, unnormalised; m: f32,
//    maximum of score * log2(e), -inf when no key was visible; l: f32, sum of
//    2^(score * log2(e) - m)). Empty: (0, -inf, 0).
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_KERNELS_WORKITEM_H
#define HYDRAGEN_KERNELS_WORKITEM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Bits of hydragen_work_item::kind.
enum {
  /// Number of the variant (KernelConfig::variants) that computes the item.
  HYDRAGEN_ITEM_VARIANT_MASK = 0xff,
  /// The item is all there is for its rows: it writes the final result itself.
  /// No state is written and n_groups must be 0.
  HYDRAGEN_ITEM_DIRECT = 0x100
};

/// A tile of rows against a range of keys.
typedef struct hydragen_work_item {
  uint32_t kind;
  /// Local keys [key_begin, key_end). Empty when key_end <= key_begin.
  int32_t key_begin, key_end;
  /// Absolute position of local key 0.
  int32_t key_position;

  /// Row i (0 <= i < row_count, at least one) is logical row
  /// `rows[row_list + i]` when row_list >= 0, else row_base + i * row_stride.
  int32_t row_base, row_stride, row_count, row_list;

  /// Where local key 0 is (batch and head applied), for a paged source page 0:
  /// bytes from the parameters key_base and value_base, which may be null. So
  /// a list may hold addresses, or move with its operands.
  uint64_t keys, values;

  /// Paged source: the table entry of local keys [0, page size), bytes from the
  /// parameter table_base. There is at least one entry, also without keys.
  uint64_t table;
  /// When >= 0, key_end is lowered to lengths[length_index].
  int32_t length_index;
  /// Row i writes state row state_row + i.
  int32_t state_row;

  /// The item arrives at groups [first_group, first_group + n_groups). At most
  /// as many as the tile has rows.
  int32_t first_group, n_groups;
  /// In tiles of the variant's key tile, counted from key_begin: the first
  /// `head_tiles` need the mask, the `full_tiles` after them see all their keys
  /// from every row, the rest needs the mask. Tiles that are not whole are
  /// masked whatever these say; 0 and INT32_MAX mean "no mask at all".
  int32_t head_tiles, full_tiles;
} hydragen_work_item;

/// Output rows that finish together: one sequence and key head, say. Whoever
/// arrives last folds the states in the order of the entries.
typedef struct hydragen_reduction_group {
  /// The group's states start at entries[first_entry], at least one; an entry e
  /// stands for state rows e + r, r being the row's number within the group.
  int32_t first_entry, n_entries;
  /// Items that arrive here. The last one sets `counter` back to 0.
  int32_t n_arrivals;
  int32_t counter;
  /// The group's rows, as in hydragen_work_item.
  int32_t row_base, row_stride, row_list, n_rows;
} hydragen_reduction_group;

#ifdef __cplusplus
} // extern "C"

static_assert(sizeof(hydragen_work_item) == 80, "five 16-byte loads");
static_assert(offsetof(hydragen_work_item, row_base) == 16, "word 4");
static_assert(offsetof(hydragen_work_item, keys) == 32, "word 8");
static_assert(offsetof(hydragen_work_item, table) == 48, "word 12");
static_assert(offsetof(hydragen_work_item, length_index) == 56, "word 14");
static_assert(offsetof(hydragen_work_item, first_group) == 64, "word 16");
static_assert(sizeof(hydragen_reduction_group) == 32, "two 16-byte loads");
static_assert(offsetof(hydragen_reduction_group, counter) == 12, "word 3");
#endif

#endif // HYDRAGEN_KERNELS_WORKITEM_H

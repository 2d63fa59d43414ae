//===- Order.cpp - order of basic blocks ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The split of a warp at the lowest place runs first (Convergence.cpp). For
// lanes to meet at the first place where their ways join, each block must stand
// behind all blocks that lead to it, loops apart, and a loop's blocks must
// stand together, its exits behind it: a weak topological order (Bourdoncle,
// 1993). Where there is a choice the order of the text is kept.
//===----------------------------------------------------------------------===//

#include "Machine.h"

#include <algorithm>
#include <queue>

using namespace hydragen::emulated;

namespace {

struct BasicBlock {
  uint32_t begin, end;
  std::vector<uint32_t> successors;
  /// Falls into the next block of the text.
  bool fallsThrough = false;
};

/// Loops nested deeper keep the order of the text.
constexpr unsigned maxDepth = 32;

class Sorter {
public:
  explicit Sorter(const std::vector<BasicBlock> &blocks)
      : blocks(blocks), component(blocks.size()), number(blocks.size()),
        low(blocks.size()), level(blocks.size(), 0),
        header(blocks.size(), false) {}

  std::vector<uint32_t> run() {
    std::vector<uint32_t> all(blocks.size());
    for (uint32_t i = 0; i < all.size(); ++i)
      all[i] = i;
    std::vector<uint32_t> order;
    sort(std::move(all), 0, order);
    return order;
  }

private:
  /// Whether the edge to `to` stays within the nodes of this level; edges to
  /// the headers of the loops around are cut.
  bool follows(uint32_t to, unsigned depth) const {
    return level[to] == depth && !header[to];
  }

  /// Strongly connected components of `nodes` (Tarjan, 1972, without
  /// recursion). component[] gets their numbers from 0.
  uint32_t findComponents(const std::vector<uint32_t> &nodes, unsigned depth) {
    constexpr uint32_t none = ~0u;
    for (uint32_t node : nodes)
      number[node] = component[node] = none;
    uint32_t next = 0, count = 0;
    std::vector<uint32_t> stack;
    std::vector<std::pair<uint32_t, size_t>> path;
    for (uint32_t root : nodes) {
      if (number[root] != none)
        continue;
      path.push_back({root, 0});
      while (!path.empty()) {
        uint32_t node = path.back().first;
        size_t &edge = path.back().second;
        if (edge == 0) {
          number[node] = low[node] = next++;
          stack.push_back(node);
        }
        bool descended = false;
        while (edge < blocks[node].successors.size()) {
          uint32_t to = blocks[node].successors[edge++];
          if (!follows(to, depth))
            continue;
          if (number[to] == none) {
            path.push_back({to, 0});
            descended = true;
            break;
          }
          if (component[to] == none)
            low[node] = std::min(low[node], number[to]);
        }
        if (descended)
          continue;
        if (edge == 0)
          edge = 1;
        if (low[node] == number[node]) {
          uint32_t member;
          do {
            member = stack.back();
            stack.pop_back();
            component[member] = count;
          } while (member != node);
          ++count;
        }
        path.pop_back();
        if (!path.empty())
          low[path.back().first] = std::min(low[path.back().first], low[node]);
      }
    }
    return count;
  }

  void sort(std::vector<uint32_t> nodes, unsigned depth,
            std::vector<uint32_t> &order) {
    uint32_t count = findComponents(nodes, depth);
    std::vector<std::vector<uint32_t>> members(count);
    for (uint32_t node : nodes)
      members[component[node]].push_back(node);
    std::vector<uint32_t> waiting(count, 0);
    std::vector<uint32_t> entry(count, ~0u);
    for (uint32_t node : nodes)
      for (uint32_t to : blocks[node].successors)
        if (follows(to, depth) && component[to] != component[node]) {
          ++waiting[component[to]];
          entry[component[to]] = std::min(entry[component[to]], to);
        }
    // Kahn's order; of those that may come, the first of the text.
    using Item = std::pair<uint32_t, uint32_t>;
    std::priority_queue<Item, std::vector<Item>, std::greater<>> ready;
    for (uint32_t i = 0; i < count; ++i)
      if (!waiting[i])
        ready.push({members[i].front(), i});
    // The numbers of this level are overwritten by the levels within.
    std::vector<std::vector<uint32_t>> edges(count);
    for (uint32_t node : nodes)
      for (uint32_t to : blocks[node].successors)
        if (follows(to, depth) && component[to] != component[node])
          edges[component[node]].push_back(component[to]);
    while (!ready.empty()) {
      uint32_t index = ready.top().second;
      ready.pop();
      std::vector<uint32_t> &inside = members[index];
      if (inside.size() == 1 || depth == maxDepth) {
        order.insert(order.end(), inside.begin(), inside.end());
      } else {
        uint32_t first = entry[index] != ~0u ? entry[index] : inside.front();
        order.push_back(first);
        header[first] = true;
        std::vector<uint32_t> rest;
        for (uint32_t node : inside)
          if (node != first) {
            level[node] = depth + 1;
            rest.push_back(node);
          }
        sort(std::move(rest), depth + 1, order);
      }
      for (uint32_t to : edges[index])
        if (--waiting[to] == 0)
          ready.push({members[to].front(), to});
    }
  }

  const std::vector<BasicBlock> &blocks;
  std::vector<uint32_t> component, number, low;
  std::vector<unsigned> level;
  std::vector<bool> header;
};

} // namespace

static bool endsBlock(const Op &op) {
  return op.guard == noSlot &&
         (isBranch(op) || isBranchTable(op) || isExit(op));
}

/// Blocks of the code and the block of each op.
static std::vector<BasicBlock> findBlocks(const Code &code,
                                          std::vector<uint32_t> &blockOf) {
  std::vector<bool> leads(code.ops.size() + 1, false);
  leads[0] = true;
  for (size_t i = 0; i < code.ops.size(); ++i) {
    const Op &op = code.ops[i];
    if (!isBranch(op) && !isBranchTable(op) && !isExit(op))
      continue;
    leads[i + 1] = true;
    if (isBranch(op))
      leads[op.imm] = true;
    if (isBranchTable(op))
      for (uint32_t target : code.tables[op.imm])
        leads[target] = true;
  }
  std::vector<BasicBlock> blocks;
  blockOf.resize(code.ops.size());
  for (uint32_t i = 0; i < code.ops.size(); ++i) {
    if (leads[i])
      blocks.push_back({i, i, {}, false});
    blocks.back().end = i + 1;
    blockOf[i] = uint32_t(blocks.size() - 1);
  }
  for (uint32_t i = 0; i < blocks.size(); ++i) {
    BasicBlock &block = blocks[i];
    const Op &last = code.ops[block.end - 1];
    if (isBranch(last))
      block.successors.push_back(blockOf[last.imm]);
    if (isBranchTable(last))
      for (uint32_t target : code.tables[last.imm])
        block.successors.push_back(blockOf[target]);
    if (!endsBlock(last) && i + 1 < blocks.size()) {
      block.fallsThrough = true;
      block.successors.push_back(i + 1);
    }
  }
  return blocks;
}

static void sortBlocks(Code &code) {
  std::vector<uint32_t> blockOf;
  std::vector<BasicBlock> blocks = findBlocks(code, blockOf);
  std::vector<uint32_t> order = Sorter(blocks).run();
  if (std::is_sorted(order.begin(), order.end()))
    return;
  // Execution starts at op 0.
  auto start = std::find(order.begin(), order.end(), 0u);
  std::rotate(order.begin(), start, start + 1);
  std::vector<Op> ops;
  ops.reserve(code.ops.size() + blocks.size());
  std::vector<uint32_t> begin(blocks.size());
  for (size_t i = 0; i < order.size(); ++i) {
    const BasicBlock &block = blocks[order[i]];
    begin[order[i]] = uint32_t(ops.size());
    ops.insert(ops.end(), code.ops.begin() + block.begin,
               code.ops.begin() + block.end);
    bool next = i + 1 < order.size() && order[i + 1] == order[i] + 1;
    if (block.fallsThrough && !next)
      ops.push_back(makeJump(code.ops[blocks[order[i] + 1].begin].source,
                             blocks[order[i] + 1].begin));
  }
  for (Op &op : ops)
    if (isBranch(op))
      op.imm = begin[blockOf[op.imm]];
  for (std::vector<uint32_t> &table : code.tables)
    for (uint32_t &target : table)
      target = begin[blockOf[target]];
  code.ops = std::move(ops);
}

/// Whether other blocks can see, or be seen by, the order of this instruction:
/// atomics and strong accesses to global memory.
static bool isOrdered(const Instruction &instruction) {
  const std::string &opcode = instruction.opcode;
  bool isAtomic = opcode == "atom" || opcode == "red";
  if (!isAtomic && opcode != "ld" && opcode != "st")
    return false;
  for (const char *space : {"shared", "shared::cta", "local", "param", "const"})
    if (instruction.has(space))
      return false;
  if (isAtomic)
    return true;
  for (const char *strong :
       {"acquire", "release", "relaxed", "volatile", "mmio"})
    if (instruction.has(strong))
      return true;
  return false;
}

void hydragen::emulated::prepare(Code &code) {
  sortBlocks(code);
  code.ordered.assign(code.ops.size(), nullptr);
  for (size_t i = 0; i < code.ops.size(); ++i) {
    Op &op = code.ops[i];
    if (!op.counted || op.source >= code.function->instructions.size() ||
        !isOrdered(code.function->instructions[op.source]))
      continue;
    code.ordered[i] = op.run;
    code.hasOrdered = true;
    op.run = runOrdered;
  }
}

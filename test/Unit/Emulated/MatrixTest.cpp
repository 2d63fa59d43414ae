//===- MatrixTest.cpp - ldmatrix, stmatrix, movmatrix -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The formulas of PTX ISA 9.7.14.5.15 to .17.
//===----------------------------------------------------------------------===//

#include "Lanes.h"

#include <set>

using namespace hydragen::emulated;
using namespace hydragen::emulated::test;

namespace {

/// Element (row, column) of the matrix that lane has in half `i` of a register.
std::pair<int, int> elementOf(int lane, int i, bool transposed) {
  int row = lane / 4, column = 2 * (lane % 4) + i;
  return transposed ? std::pair(column, row) : std::pair(row, column);
}

TEST(Matrix, LayoutsAreBijective) {
  for (bool transposed : {false, true}) {
    std::set<std::pair<int, int>> seen;
    for (int lane = 0; lane < 32; ++lane)
      for (int i : {0, 1})
        seen.insert(elementOf(lane, i, transposed));
    EXPECT_EQ(seen.size(), 64u);
    EXPECT_EQ(*seen.begin(), std::pair(0, 0));
    EXPECT_EQ(*seen.rbegin(), std::pair(7, 7));
  }
}

/// A kernel of one warp that copies 1024 bytes of `in` to shared memory, runs
/// `body` and writes %r0 to %r3 of lane l to out + 16 l, then shared memory to
/// out + 512. %a: address of shared memory in `width` bits, %row: lane's row.
std::vector<uint16_t> runWarp(const std::string &body, unsigned width,
                              const std::vector<uint16_t> &in) {
  std::string bits = std::to_string(width);
  std::string text =
      ".version 8.0\n.target sm_90\n.address_size 64\n"
      ".entry k(.param .u64 in, .param .u64 out) {\n"
      ".reg .b32 %r<20>, %t, %lane, %b, %sum;\n"
      ".reg .b64 %p, %q, %o, %wide;\n.reg .b" +
      bits +
      " %a, %row;\n.shared .align 16 .b8 s[1024];\n"
      "ld.param.u64 %p, [in]; ld.param.u64 %q, [out];\n"
      "mov.u32 %lane, %tid.x; shl.b32 %t, %lane, 5;\n"
      "cvt.u64.u32 %o, %t; add.u64 %p, %p, %o; mov.u32 %b, s;\n"
      "add.u32 %sum, %b, %t;\n"
      "ld.global.v4.u32 {%r4, %r5, %r6, %r7}, [%p];\n"
      "ld.global.v4.u32 {%r8, %r9, %r10, %r11}, [%p+16];\n"
      "st.shared.v4.u32 [%sum], {%r4, %r5, %r6, %r7};\n"
      "st.shared.v4.u32 [%sum+16], {%r8, %r9, %r10, %r11};\n"
      "bar.warp.sync -1;\n"
      // Rows in another order than the lanes: row 5 l mod 32.
      "mul.lo.u32 %t, %lane, 5; and.b32 %t, %t, 31; shl.b32 %t, %t, 4;\n"
      "mov.b32 %r0, 0; mov.b32 %r1, 0; mov.b32 %r2, 0; mov.b32 %r3, 0;\n"
      "mov.u" +
      bits + " %a, s;\n" +
      (width == 64 ? "cvt.u64.u32 %row, %t; add.u64 %row, %row, %a;\n"
                   : "add.u32 %row, %t, %a;\n") +
      body +
      "\nbar.warp.sync -1;\nmul.wide.u32 %o, %lane, 16; add.u64 %o, %o, %q;\n"
      "st.global.v4.u32 [%o], {%r0, %r1, %r2, %r3};\n"
      "mul.wide.u32 %o, %lane, 32; add.u64 %o, %o, %q;\n"
      "ld.shared.v4.u32 {%r4, %r5, %r6, %r7}, [%sum];\n"
      "st.global.v4.u32 [%o+512], {%r4, %r5, %r6, %r7};\n"
      "ld.shared.v4.u32 {%r4, %r5, %r6, %r7}, [%sum+16];\n"
      "st.global.v4.u32 [%o+528], {%r4, %r5, %r6, %r7};\nret;\n}\n";
  Memory memory;
  Allocation *from = memory.allocate(1024, "in");
  Allocation *to = memory.allocate(1536, "out");
  from->allInit = true;
  std::memcpy(from->data, in.data(), 1024);
  Program program;
  std::vector<ParseError> errors;
  if (!program.load(text, memory, errors)) {
    for (const ParseError &error : errors)
      ADD_FAILURE() << error.position.line << ": " << error.message;
    return std::vector<uint16_t>(768);
  }
  Launch launch;
  launch.program = &program;
  launch.kernel = program.findKernel("k");
  launch.block[0] = 32;
  launch.parameters.resize(16);
  std::memcpy(launch.parameters.data(), &from->base, 8);
  std::memcpy(launch.parameters.data() + 8, &to->base, 8);
  LaunchResult result;
  std::optional<std::string> error = run(launch, memory, result);
  EXPECT_FALSE(error) << *error;
  for (const Fault &fault : result.faults)
    ADD_FAILURE() << body << "\n" << fault.title;
  std::vector<uint16_t> out(768);
  std::memcpy(out.data(), to->data, 1536);
  return out;
}

std::vector<uint16_t> getNumbers() {
  std::vector<uint16_t> numbers(512);
  for (size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = uint16_t(i * 40503u + 7);
  return numbers;
}

std::string registers(int count) {
  std::string text = "{%r0";
  for (int i = 1; i < count; ++i)
    text += ", %r" + std::to_string(i);
  return text + "}";
}

// Every form: qualifiers in both orders that compilers write, 32- and 64-bit
// and generic addresses, an offset.
TEST(Matrix, Load) {
  std::vector<uint16_t> in = getNumbers();
  for (int count : {1, 2, 4})
    for (bool trans : {false, true})
      for (int style = 0; style < 4; ++style) {
        std::string x = ".x" + std::to_string(count), t = trans ? ".trans" : "";
        bool generic = style == 2;
        std::string name = style == 3 ? "ldmatrix.sync.aligned" + t + ".m8n8" +
                                            x + ".shared::cta.b16"
                                      : "ldmatrix.sync.aligned.m8n8" + x + t +
                                            (generic ? "" : ".shared") + ".b16";
        std::string body = (generic ? "cvta.shared.u64 %row, %row;\n" : "") +
                           name + " " + registers(count) + ", [%row+" +
                           (style == 3 ? "512" : "0") + "];";
        std::vector<uint16_t> out =
            runWarp(body, style == 0 || style == 3 ? 32 : 64, in);
        for (int lane = 0; lane < 32; ++lane)
          for (int j = 0; j < 4; ++j)
            for (int i = 0; i < 2; ++i) {
              auto [row, column] = elementOf(lane, i, trans);
              int at = (8 * j + row) * 5 % 32 + (style == 3 ? 32 : 0);
              uint16_t want = j < count ? in[size_t(at * 8 + column)] : 0;
              ASSERT_EQ(out[size_t(lane * 8 + j * 2 + i)], want)
                  << body << " lane " << lane << " register " << j;
            }
      }
}

TEST(Matrix, Store) {
  std::vector<uint16_t> in = getNumbers();
  for (int count : {1, 2, 4})
    for (bool trans : {false, true}) {
      std::string body;
      for (int j = 0; j < count; ++j)
        body += "mad.lo.u32 %r" + std::to_string(j) + ", %lane, 0x20002, " +
                std::to_string(0x10000 + j * 0x10001 * 64) + ";\n";
      body += "stmatrix.sync.aligned.m8n8.x" + std::to_string(count) +
              (trans ? ".trans" : "") + ".shared.b16 [%row], " +
              registers(count) + ";";
      std::vector<uint16_t> out = runWarp(body, 32, in);
      std::vector<uint16_t> want = in;
      for (int lane = 0; lane < 32; ++lane)
        for (int j = 0; j < count; ++j)
          for (int i = 0; i < 2; ++i) {
            auto [row, column] = elementOf(lane, i, trans);
            int at = (8 * j + row) * 5 % 32;
            want[size_t(at * 8 + column)] = uint16_t(lane * 2 + i + j * 64);
          }
      for (size_t i = 0; i < 512; ++i)
        ASSERT_EQ(out[256 + i], want[i]) << body << " at " << i;
    }
}

TEST(Matrix, Move) {
  Machine m("movmatrix.sync.aligned.m8n8.trans.b16 %r0, %r1;"
            "movmatrix.sync.aligned.m8n8.trans.b16 %r2, %r2;");
  ASSERT_TRUE(m.loads()) << m.getErrors();
  uint64_t matrix[8][8];
  for (int row = 0; row < 8; ++row)
    for (int column = 0; column < 8; ++column)
      matrix[row][column] = uint64_t(row * 1000 + column);
  Lanes in;
  for (int l = 0; l < 32; ++l) {
    auto [row, column] = elementOf(l, 0, false);
    in[l] = matrix[row][column] | matrix[row][column + 1] << 16;
  }
  m.set("%r1", in);
  m.set("%r2", in);
  m.run();
  for (int l = 0; l < 32; ++l) {
    auto [row, column] = elementOf(l, 0, false);
    uint64_t want = matrix[column][row] | matrix[column + 1][row] << 16;
    EXPECT_EQ(m.get("%r0")[l], want);
    EXPECT_EQ(m.get("%r2")[l], want);
  }
}

TEST(Matrix, Refused) {
  for (const char *form :
       {"ldmatrix.sync.aligned.m8n8.x3.shared.b16 {%r0, %r1, %r2}, [%r9];",
        "ldmatrix.sync.aligned.m16n16.x1.trans.shared.b8 {%r0, %r1}, [%r9];",
        "ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%r0}, [%r9];",
        "ldmatrix.sync.m8n8.x1.shared.b16 {%r0}, [%r9];",
        "movmatrix.sync.aligned.m8n8.b16 %r0, %r1;"})
    EXPECT_FALSE(Machine(form).loads()) << form;
}

} // namespace

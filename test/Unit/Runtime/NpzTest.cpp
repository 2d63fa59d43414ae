//===- NpzTest.cpp - .npz archives and files --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ArrayFiles.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace hydragen::runtime;
using namespace hydragen::test;

namespace {
const std::string kSmall = npy("|u1", false, "(4,)", "abcd");

std::string openFailure(const std::string &text) {
  auto reader = parseNpz(text);
  return reader ? "" : reader.getError().message;
}
std::string readFailure(const std::string &text, const std::string &name) {
  auto reader = parseNpz(text);
  if (!reader)
    return "not opened: " + reader.getError().message;
  auto array = reader->read(name);
  return array ? "" : array.getError().message;
}
std::string dataOf(const std::string &text, const std::string &name) {
  auto reader = parseNpz(text);
  if (!reader)
    return "not opened";
  auto array = reader->read(name);
  return array ? std::string(array->data.begin(), array->data.end()) : "bad";
}

TEST(Npz, StoredDeflatedZip64AndComments) {
  std::string big = npy("|u1", false, "(300000,)", std::string(300000, 'z'));
  for (bool deflate : {false, true})
    for (bool zip64 : {false, true})
      for (bool end64 : {false, true}) {
        std::string text =
            zip({{"a.npy", kSmall, deflate, zip64},
                 {"b.npy", npy("|u1", false, "(2,)", "xy"), deflate, zip64},
                 {"big.npy", big, deflate, zip64},
                 {"readme.txt", "not an array"}},
                "a comment", end64);
        EXPECT_EQ(dataOf(text, "a"), "abcd");
        EXPECT_EQ(dataOf(text, "b"), "xy");
        EXPECT_EQ(dataOf(text, "big"), std::string(300000, 'z'));
        EXPECT_EQ(parseNpz(text)->getNames(),
                  (std::vector<std::string>{"a", "b", "big"}));
      }
  EXPECT_TRUE(parseNpz(zip({})));
}

TEST(Npz, WriterAndReaderAgree) {
  Array a{DataType::F32, {1, 2}, std::vector<char>(8, 'q')};
  Array b{DataType::I1, {}, {1}};
  Array c{DataType::I64, {0, 3}, {}};
  std::string text = writeNpz({{"out0", &a}, {"out1", &b}, {"out2", &c}});
  auto reader = parseNpz(text);
  ASSERT_TRUE(reader);
  for (auto [name, array] :
       {std::pair{"out0", &a}, {"out1", &b}, {"out2", &c}}) {
    auto again = reader->read(name);
    ASSERT_TRUE(again) << name;
    EXPECT_EQ(again->type, array->type);
    EXPECT_EQ(again->shape, array->shape);
    EXPECT_EQ(again->data, array->data);
  }
}

TEST(Npz, RefusesByName) {
  EXPECT_EQ(openFailure(""), "is no .npz archive, or truncated");
  EXPECT_EQ(openFailure(kSmall), "is no .npz archive, or truncated");
  EXPECT_EQ(openFailure(std::string(1000, '\0')),
            "is no .npz archive, or truncated");
  EXPECT_EQ(openFailure(zip({{"a.npy", kSmall}, {"a.npy", kSmall}})),
            "has two arrays a");
  EXPECT_EQ(openFailure(zip({{"a.npy", kSmall, false, false, 1}})),
            "is encrypted, which is not supported");
  EXPECT_EQ(readFailure(zip({{"a.npy", kSmall}}), "b"), "array b is missing");
  ZipMember lies{"a.npy", kSmall, true};
  lies.crcXor = 1;
  EXPECT_EQ(readFailure(zip({lies}), "a"),
            "array a is corrupt (checksum does not match)");
  lies.crcXor = 0;
  lies.method = 12;
  EXPECT_EQ(readFailure(zip({lies}), "a"),
            "array a is compressed by an unsupported method");
  EXPECT_EQ(readFailure(zip({{"a.npy", "text"}}), "a"),
            "array a is not an .npy array");
}

TEST(Npz, LyingSizesAllocateNothing) {
  // A size of exabytes, or one byte off, in stored and deflated members.
  for (bool deflate : {false, true})
    for (int64_t size : {int64_t(1) << 60, int64_t(kSmall.size()) + 1,
                         int64_t(kSmall.size()) - 1, int64_t(0)}) {
      ZipMember lies{"a.npy", kSmall, deflate, /*zip64=*/true};
      lies.size = size;
      EXPECT_NE(readFailure(zip({lies}), "a"), "") << deflate << " " << size;
    }
}

TEST(Npz, EveryTruncationIsRefused) {
  for (bool end64 : {false, true}) {
    std::string whole =
        zip({{"a.npy", kSmall, true}, {"b.npy", kSmall}}, "", end64);
    for (size_t size = 0; size != whole.size(); ++size)
      EXPECT_FALSE(parseNpz(whole.substr(0, size))) << size;
  }
}

/// A changed byte is found, or it was one that says nothing of the arrays
/// (times, versions): what is read is what was written.
TEST(Npz, NoFlippedByteCrashesOrChangesNumbers) {
  for (bool end64 : {false, true}) {
    std::string whole = zip({{"a.npy", kSmall, true, true},
                             {"b.npy", npy("|u1", false, "(2,)", "xy")}},
                            "c", end64);
    for (size_t at = 0; at != whole.size(); ++at)
      for (int flip = 1; flip != 256; ++flip) {
        std::string text = whole;
        text[at] = static_cast<char>(text[at] ^ flip);
        auto reader = parseNpz(text);
        if (!reader)
          continue;
        for (auto [name, data] : {std::pair{"a", "abcd"}, {"b", "xy"}})
          if (auto array = reader->read(name)) {
            EXPECT_EQ(std::string(array->data.begin(), array->data.end()), data)
                << at << " ^ " << flip;
          }
      }
  }
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

class Files : public testing::Test {
protected:
  void SetUp() override {
    char name[] = "/tmp/hydragen-npz.XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder = name;
  }
  void TearDown() override {
    for (const char *name : {"/out", "/target", "/link", "/pipe"})
      unlink((folder + name).c_str());
    EXPECT_EQ(rmdir(folder.c_str()), 0) << "something was left in " << folder;
  }
  std::string contentOf(const std::string &name) {
    std::ifstream in(folder + name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string folder;
};

TEST_F(Files, WriteAndRead) {
  ASSERT_FALSE(writeFile(folder + "/out", "old"));
  ASSERT_FALSE(writeFile(folder + "/out", "new"));
  auto content = readFile(folder + "/out");
  ASSERT_TRUE(content);
  EXPECT_EQ(std::string(content->begin(), content->end()), "new");
}

TEST_F(Files, ALinkIsWrittenThroughNotReplaced) {
  ASSERT_FALSE(writeFile(folder + "/target", "a longer text"));
  ASSERT_EQ(symlink("target", (folder + "/link").c_str()), 0);
  ASSERT_FALSE(writeFile(folder + "/link", "short"));
  EXPECT_EQ(contentOf("/target"), "short");
  struct stat info;
  ASSERT_EQ(lstat((folder + "/link").c_str(), &info), 0);
  EXPECT_TRUE(S_ISLNK(info.st_mode));
  // One that points nowhere makes its target.
  unlink((folder + "/target").c_str());
  ASSERT_FALSE(writeFile(folder + "/link", "again"));
  EXPECT_EQ(contentOf("/target"), "again");
}

TEST_F(Files, FailuresNameTheFile) {
  for (std::string path :
       {folder, folder + "/no/such", std::string("/dev/full"), std::string()}) {
    Status status = writeFile(path, "text");
    ASSERT_TRUE(status) << path;
    EXPECT_EQ(status->code, HYDRAGEN_INVALID);
    EXPECT_EQ(status->place, path);
  }
  for (std::string path :
       {folder, folder + "/missing", std::string("/dev/zero")}) {
    auto content = readFile(path);
    ASSERT_FALSE(content) << path;
    EXPECT_EQ(content.getError().code, HYDRAGEN_INVALID);
    EXPECT_EQ(content.getError().place, path);
  }
}
} // namespace

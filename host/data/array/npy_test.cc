#include "host/data/array/npy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "host/base/error.h"

namespace shoal {
namespace {

std::vector<uint8_t> file_of(const std::string& header, size_t bytes,
                             uint8_t version = 1) {
  std::vector<uint8_t> file = {0x93, 'N', 'U', 'M', 'P', 'Y', version, 0};
  const size_t n = header.size();
  file.insert(file.end(),
              {static_cast<uint8_t>(n), static_cast<uint8_t>(n >> 8)});
  if (version > 1) file.insert(file.end(), 2, 0);
  file.insert(file.end(), header.begin(), header.end());
  for (size_t i = 0; i < bytes; ++i) file.push_back(static_cast<uint8_t>(i));
  return file;
}

std::string refusal(const std::vector<uint8_t>& file, Exit code) {
  try {
    parse_npy(file, "a.npy");
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    return e.what();
  }
  return "accepted";
}

// Writes a file as numpy.save does: a header of spaces up to 64 bytes.
TEST(Npy, FilesOfNumPyAreRead) {
  const Array a = parse_npy(
      file_of("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n",
              24),
      "a.npy");
  EXPECT_EQ(a.type, "f4");
  EXPECT_EQ(a.shape, (std::vector<int64_t>{2, 3}));
  float first;
  std::memcpy(&first, a.bytes.data(), sizeof first);
  EXPECT_EQ(value_at(a, 0), static_cast<double>(first));
  EXPECT_EQ(value_count(a), 6);

  const Array one = parse_npy(
      file_of("{'descr': '|u1', 'fortran_order': False, 'shape': (5,), }", 5,
              2),
      "a.npy");
  EXPECT_EQ(one.shape, (std::vector<int64_t>{5}));
  EXPECT_EQ(value_at(one, 4), 4);
  const Array scalar = parse_npy(
      file_of("{'descr': '<i8', 'fortran_order': False, 'shape': (), }", 8),
      "a.npy");
  EXPECT_EQ(value_count(scalar), 1);
  EXPECT_EQ(value_at(scalar, 0), 0x0706050403020100);
}

TEST(Npy, WhatIsWrittenIsRead) {
  for (const std::vector<int64_t>& shape :
       {std::vector<int64_t>{}, {3}, {2, 1, 4}, {0, 5}}) {
    Array a{"i2", shape, {}};
    for (int64_t i = 0; i < value_count(a) * 2; ++i) {
      a.bytes.push_back(static_cast<uint8_t>(200 + i));
    }
    const std::vector<uint8_t> file = format_npy(a);
    EXPECT_EQ((file.size() - a.bytes.size()) % 64, 0u);
    const Array b = parse_npy(file, "a.npy");
    EXPECT_EQ(b.type, a.type);
    EXPECT_EQ(b.shape, a.shape);
    EXPECT_EQ(b.bytes, a.bytes);
  }
}

TEST(Npy, EveryTypeHasItsValues) {
  const auto value = [](const char* type, std::vector<uint8_t> bytes) {
    return value_at({type, {1}, std::move(bytes)}, 0);
  };
  EXPECT_EQ(value("i1", {0xFE}), -2);
  EXPECT_EQ(value("u1", {0xFE}), 254);
  EXPECT_EQ(value("i2", {0xFE, 0xFF}), -2);
  EXPECT_EQ(value("u2", {0xFE, 0xFF}), 65534);
  EXPECT_EQ(value("i4", {0, 0, 0, 0x80}), -2147483648.0);
  EXPECT_EQ(value("u4", {0, 0, 0, 0x80}), 2147483648.0);
  EXPECT_EQ(value("u8", {1, 0, 0, 0, 1, 0, 0, 0}), 4294967297.0);
  EXPECT_EQ(value("f8", {0, 0, 0, 0, 0, 0, 0xF0, 0x3F}), 1);
}

TEST(Npy, OtherKindsOfArraysAreExplained) {
  const auto of = [](const std::string& descr, const std::string& order) {
    return refusal(file_of("{'descr': '" + descr + "', 'fortran_order': " +
                               order + ", 'shape': (1, 2), }",
                           8),
                   Exit::kUsage);
  };
  EXPECT_EQ(of("<f2", "False"), "a.npy: the values have type '<f2'");
  EXPECT_EQ(of(">f4", "False"), "a.npy: the values have type '>f4'");
  EXPECT_EQ(of("|O", "False"), "a.npy: the values have type '|O'");
  EXPECT_EQ(of("<f4", "True"), "a.npy: the array lies in column order");
}

TEST(Npy, LyingHeadersAreRefused) {
  const auto corrupt = [](const std::string& header, size_t bytes) {
    return refusal(file_of(header, bytes), Exit::kCorrupt);
  };
  EXPECT_NE(
      corrupt("{'descr': '|u1', 'fortran_order': False, 'shape': (4,)}", 3),
      "accepted");
  EXPECT_EQ(corrupt("{'descr': '|u1', 'fortran_order': False, 'shape': "
                    "(9223372036854775807, 9223372036854775807)}",
                    3),
            "a.npy: 3 bytes of values, the header says more");
  for (const char* header :
       {"", "{", "{}", "{'descr': '|u1'}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '|u1', 'fortran_order': No, 'shape': (1,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': "
        "(1,)}",
        "{'descr': '|u1', 'fortran_order': False 'shape': (1,)}"}) {
    EXPECT_NE(corrupt(header, 1), "accepted") << header;
  }
  EXPECT_EQ(refusal({1, 2, 3}, Exit::kCorrupt), "a.npy: not a .npy file");
}

TEST(Npy, DamagedFilesNeverCrash) {
  const std::vector<uint8_t> whole = format_npy(
      {"f4", {2, 2}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}});
  for (size_t n = 0; n < whole.size(); ++n) {
    EXPECT_NE(
        refusal({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n)},
                Exit::kCorrupt),
        "accepted");
  }
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::vector<uint8_t> bad = whole;
    bad[bit / 8] = static_cast<uint8_t>(bad[bit / 8] ^ (1 << (bit % 8)));
    try {
      const Array a = parse_npy(bad, "a.npy");
      EXPECT_EQ(static_cast<int64_t>(a.bytes.size()) % value_count(a), 0);
    } catch (const Error& e) {
      EXPECT_TRUE(e.code() == Exit::kCorrupt || e.code() == Exit::kUsage);
    }
  }
}

}  // namespace
}  // namespace shoal

#include "host/data/array/npz.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "host/base/error.h"
#include "host/data/array/testing/archives.h"

namespace shoal {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes two_arrays() {
  return make_zip({{"x.npy", format_npy({"u1", {2, 2}, {1, 2, 3, 4}})},
                   {"notes.txt", {'h', 'i'}},
                   {"y.npy", format_npy({"u1", {2}, {0, 1}})}});
}

std::string refusal(const Bytes& file) {
  try {
    parse_npz(file, "a.npz");
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kCorrupt);
    return e.what();
  }
  return "accepted";
}

TEST(Npz, ArraysHaveTheirNames) {
  const Bytes file = two_arrays();
  EXPECT_TRUE(is_npz(file));
  const std::vector<NpzArray> arrays = parse_npz(file, "a.npz");
  ASSERT_EQ(arrays.size(), 2u);
  EXPECT_EQ(arrays[0].name, "x");
  EXPECT_EQ(arrays[0].array.shape, (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(arrays[1].name, "y");
  EXPECT_EQ(arrays[1].array.bytes, (Bytes{0, 1}));
}

// The sizes of an archive of one entry: in its own header and in the directory.
void claim_size(Bytes& file, uint32_t size) {
  const auto put = [&](size_t at) {
    for (size_t i = 0; i < 4; ++i) {
      file[at + i] = static_cast<uint8_t>(size >> 8 * i);
    }
  };
  const std::string directory = "PK\x01\x02";
  const auto found =
      std::search(file.begin(), file.end(), directory.begin(), directory.end());
  put(22);
  put(static_cast<size_t>(found - file.begin()) + 24);
}

TEST(Npz, BombsAreRefusedBeforeTheyBurst) {
  const Bytes zeros = format_npy({"u1", {100000}, Bytes(100000)});
  Bytes file = make_zip({{"x.npy", zeros}});
  EXPECT_LT(file.size(), 1000u);
  EXPECT_EQ(parse_npz(file, "a.npz").size(), 1u);
  claim_size(file, 4'000'000'000u);
  EXPECT_NE(refusal(file).find("4,000,000,000 bytes cannot come out of"),
            std::string::npos);
  claim_size(file, 1000);
  EXPECT_EQ(refusal(file), "a.npz: array x is broken or not of its size");
}

TEST(Npz, WhatHasNoArraysIsRefused) {
  EXPECT_EQ(refusal({'P', 'K', 3, 4}), "a.npz: a broken .npz archive");
  EXPECT_EQ(refusal(make_zip({{"a.txt", {1}}})),
            "a.npz: an archive without arrays (.npy)");
  EXPECT_EQ(refusal(make_zip({{"x.npy", {1, 2}}})),
            "a.npz: array x: not a .npy file");
}

TEST(Npz, DamagedFilesNeverCrash) {
  const Bytes whole = two_arrays();
  for (size_t n = 0; n < whole.size(); ++n) {
    EXPECT_NE(
        refusal({whole.begin(), whole.begin() + static_cast<ptrdiff_t>(n)}),
        "accepted");
  }
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes bad = whole;
    bad[bit / 8] = static_cast<uint8_t>(bad[bit / 8] ^ (1 << (bit % 8)));
    try {
      parse_npz(bad, "a.npz");
    } catch (const Error& e) {
      EXPECT_TRUE(e.code() == Exit::kCorrupt || e.code() == Exit::kUsage);
    }
  }
}

}  // namespace
}  // namespace shoal

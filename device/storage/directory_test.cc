#include "device/storage/directory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace shoal {
namespace {

using Fault = DirectoryFault;

Directory good() {
  Directory d{};
  d.magic = kDirectoryMagic;
  d.version = kDirectoryVersion;
  d.node = 1, d.nodes = 3;
  std::memcpy(d.board, "emcraft-sf2", 11);
  d.generation = 7;
  d.program = 4096, d.image_bytes = 5000;
  d.input = 9104, d.input_bytes = 300, d.frames = 2;
  d.spill = 3 * 4096, d.spill_bytes = 4 * 4096;
  d.spill_erase_bytes = 4096, d.spill_write_bytes = 256;
  d.total_bytes = 7 * 4096;
  seal_directory(d);
  return d;
}

Fault check(const Directory& d, uint64_t storage = 1 << 20,
            const char* board = "emcraft-sf2") {
  Directory out;
  return check_directory(reinterpret_cast<const uint8_t*>(&d), sizeof d,
                         storage, board, out);
}

TEST(Directory, GoodOnesAreTaken) {
  const Directory d = good();
  Directory out;
  EXPECT_EQ(check_directory(reinterpret_cast<const uint8_t*>(&d), sizeof d,
                            d.total_bytes, nullptr, out),
            Fault::kNone);
  EXPECT_EQ(std::memcmp(&out, &d, sizeof d), 0);
  EXPECT_EQ(check(d), Fault::kNone);
  Directory full_name = d;
  std::memcpy(full_name.board, "sixteen-letters!", 16);
  seal_directory(full_name);
  EXPECT_EQ(check(full_name, 1 << 20, "sixteen-letters!"), Fault::kNone);
}

TEST(Directory, CutAtEveryByte) {
  const Directory d = good();
  for (uint32_t n = 0; n < sizeof d; ++n) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(&d);
    const std::vector<uint8_t> cut(bytes, bytes + n);  // for the sanitizer
    Directory out;
    EXPECT_EQ(check_directory(cut.data(), n, 1 << 20, nullptr, out),
              Fault::kTooShort);
  }
}

TEST(Directory, EveryFlippedBitIsSeen) {
  for (uint32_t bit = 0; bit < 8 * sizeof(Directory); ++bit) {
    Directory d = good();
    reinterpret_cast<uint8_t*>(&d)[bit / 8] ^=
        static_cast<uint8_t>(1u << bit % 8);
    const Fault fault = check(d);
    EXPECT_EQ(fault, bit < 32   ? Fault::kNoMagic
                     : bit < 48 ? Fault::kVersion
                                : Fault::kDamaged)
        << "bit " << bit;
  }
}

TEST(Directory, AnotherBoardOrAShorterStorage) {
  EXPECT_EQ(check(good(), 1 << 20, "lm3s6965evb"), Fault::kOtherBoard);
  EXPECT_EQ(check(good(), 1 << 20, "emcraft-sf"), Fault::kOtherBoard);
  EXPECT_EQ(check(good(), 1 << 20, "emcraft-sf22"), Fault::kOtherBoard);
  EXPECT_EQ(check(good(), 7 * 4096 - 1), Fault::kTooLong);
  EXPECT_EQ(check(good(), 7 * 4096), Fault::kNone);
}

// Directories with the right tag and wrong numbers.
TEST(Directory, NumbersThatMakeNoSense) {
  const auto with = [](auto change) {
    Directory d = good();
    change(d);
    seal_directory(d);
    return check(d, ~uint64_t{0});
  };
  const auto none = [](Directory&) {};
  EXPECT_EQ(with(none), Fault::kNone);
  using D = Directory;
  EXPECT_EQ(with([](D& d) { d.node = 3; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.reserved = 1; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.reserved2 = 1; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.total_bytes = 100; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.total_bytes -= 1; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.program = 4104; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.program = 4112; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.program = 0; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.image_bytes = 0; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.image_bytes = 5009; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.image_bytes = 0xFFFFFFFF; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.input = 150; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.input = 9000; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.input = 7 * 4096 - 299; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.frames = 0; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.input_bytes = 0; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.input_bytes = 4096; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.input_bytes = 0xFFFFFFF0; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.spill = 2 * 4096; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.spill = 0; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.spill_bytes = 0; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.spill_bytes = 5 * 4096; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.spill_bytes = 4000; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.spill_erase_bytes = 0; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.spill_erase_bytes = 8192; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.spill_write_bytes = 0; }), Fault::kNumbers);
  EXPECT_EQ(with([](D& d) { d.spill_write_bytes = 300; }), Fault::kNumbers);
  // Without input, and without spills.
  EXPECT_EQ(with([](D& d) { d.input = d.input_bytes = d.frames = 0; }),
            Fault::kNone);
  EXPECT_EQ(with([](D& d) { d.spill = d.spill_bytes = 0, d.program = 160; }),
            Fault::kNone);
}

}  // namespace
}  // namespace shoal

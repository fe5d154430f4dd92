#include "device/storage/flashed.h"

#include <gtest/gtest.h>

#include <cstring>

namespace shoal {
namespace {

Flashed secure_one() {
  Flashed f{};
  f.magic = kFlashedMagic;
  f.version = kFlashedVersion;
  f.secure = 1;
  std::strcpy(f.name, "node3");
  f.key[31] = 1;
  f.seed[0] = 2;
  seal_flashed(f);
  return f;
}

TEST(Flashed, IsWhatWasSealed) {
  EXPECT_TRUE(check_flashed(secure_one()));
  Flashed open = secure_one();
  open.secure = 0;
  open.key[31] = open.seed[0] = 0;
  seal_flashed(open);
  EXPECT_TRUE(check_flashed(open));
  // Where the storage stays, the seed is elsewhere.
  Flashed stays = secure_one();
  EXPECT_TRUE(has_seed(stays));
  stays.seed[0] = 0;
  seal_flashed(stays);
  EXPECT_TRUE(check_flashed(stays));
  EXPECT_FALSE(has_seed(stays));
}

TEST(Flashed, EveryFlippedBitIsSeen) {
  for (size_t bit = 0; bit < sizeof(Flashed) * 8; ++bit) {
    Flashed f = secure_one();
    auto* const bytes = reinterpret_cast<uint8_t*>(&f);
    bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ 1u << bit % 8);
    EXPECT_FALSE(check_flashed(f)) << "bit " << bit;
  }
}

TEST(Flashed, FieldsThatMakeNoSenseAreRefused) {
  const auto refused = [](auto change) {
    Flashed f = secure_one();
    change(f);
    seal_flashed(f);
    return !check_flashed(f);
  };
  EXPECT_TRUE(refused([](Flashed& f) { f.magic = 0; }));
  EXPECT_TRUE(refused([](Flashed& f) { f.version = 2; }));
  EXPECT_TRUE(refused([](Flashed& f) { f.secure = 2; }));  // with a seed
  EXPECT_TRUE(refused([](Flashed& f) { f.secure = 3, f.seed[0] = 0; }));
  EXPECT_TRUE(refused([](Flashed& f) { f.secure = 0; }));
  EXPECT_TRUE(refused([](Flashed& f) { f.key[31] = 0; }));
  EXPECT_TRUE(refused([](Flashed& f) { f.secure = f.key[31] = 0; }));
  EXPECT_TRUE(refused([](Flashed& f) { f.name[0] = 0; }));
  EXPECT_TRUE(refused([](Flashed& f) { f.name[31] = 'x'; }));
  EXPECT_TRUE(refused([](Flashed& f) { f.reserved[4] = 1; }));
  Flashed erased;
  std::memset(&erased, 0xFF, sizeof erased);
  EXPECT_FALSE(check_flashed(erased));
}

// Sealed contents are sealed with a key that the storage does not have.
TEST(Flashed, TheKeyOfASealedOneLiesInTheChip) {
  Flashed chip = secure_one();
  chip.secure = kSealed;
  chip.seed[0] = 0;
  seal_flashed(chip);
  Flashed storage = chip;
  std::memset(storage.key, 0, sizeof storage.key);
  seal_flashed(storage);
  Flashed out{};
  ASSERT_TRUE(who_it_is(storage, &chip, out));
  EXPECT_EQ(std::memcmp(&out, &chip, sizeof out), 0);
  EXPECT_FALSE(who_it_is(storage, nullptr, out));
  // The key in both, or in the wrong one; of another board.
  EXPECT_FALSE(who_it_is(chip, &chip, out));
  EXPECT_FALSE(who_it_is(storage, &storage, out));
  Flashed other = storage;
  other.name[0] = 'N';
  seal_flashed(other);
  EXPECT_FALSE(who_it_is(other, &chip, out));
}

TEST(Flashed, AStorageTalksNoChipDown) {
  Flashed chip = secure_one();
  chip.secure = kSealed;
  chip.seed[0] = 0;
  seal_flashed(chip);
  Flashed secure = secure_one(), out{};
  EXPECT_FALSE(who_it_is(secure, &chip, out));
  Flashed open = secure;
  open.secure = kOpen;
  open.key[31] = open.seed[0] = 0;
  seal_flashed(open);
  EXPECT_FALSE(who_it_is(open, &chip, out));
  // The block of boards that do not seal: erased, or another program's bytes.
  Flashed none;
  std::memset(&none, 0xFF, sizeof none);
  for (const Flashed* of : {static_cast<const Flashed*>(nullptr),
                            static_cast<const Flashed*>(&none)}) {
    EXPECT_TRUE(who_it_is(secure, of, out));
    EXPECT_EQ(std::memcmp(&out, &secure, sizeof out), 0);
    EXPECT_TRUE(who_it_is(open, of, out));
  }
}

}  // namespace
}  // namespace shoal

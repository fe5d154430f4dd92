#include "host/export/layouts.h"

#include <gtest/gtest.h>

#include <string>

#include "host/base/error.h"
#include "host/base/testing/expect_throws.h"

namespace shoal {
namespace {

Application of_size(size_t bytes) {
  Application a;
  a.networks.resize(1);
  a.networks[0].image.resize(bytes);
  return a;
}

void expect_refused(const char* ecosystem, const Application& a) {
  expect_throws([&] { check_image(find_ecosystem(ecosystem), a); },
                Exit::kUnsupported, ecosystem);
}

TEST(Ecosystems, HoldProgramsAsLargeAsTheirConstants) {
  for (const Ecosystem& e : ecosystems()) {
    EXPECT_NO_THROW(check_image(e, of_size(1 << 20))) << e.name;
  }
  EXPECT_NO_THROW(check_image(find_ecosystem("arduino"), of_size(4 << 20)));
  expect_refused("arduino", of_size((4 << 20) + 1));
  expect_refused("platformio", of_size((4 << 20) + 1));
  EXPECT_NO_THROW(check_image(find_ecosystem("c"), of_size(9 << 20)));
}

TEST(EspPartitions, HoldTheProgramAndTheRest) {
  constexpr int64_t kMiB = 1 << 20;
  Application a = of_size(777424);
  a.board.flash_bytes = 8 * kMiB;
  EspPartitions p = esp_partitions(a);
  EXPECT_EQ(p.app_bytes % (64 << 10), 0);
  EXPECT_GE(p.app_bytes, 777424 + (kMiB >> 1));
  EXPECT_EQ(p.flash_bytes, 4 * kMiB);
  // Wi-Fi takes more than IDF's own large partition of 1,500 KB has left.
  a.member.emplace().radio = true;
  EXPECT_GE(esp_partitions(a).app_bytes, 777424 + kMiB);
  a.member.reset();
  a.listen.emplace();
  EXPECT_GE(esp_partitions(a).app_bytes, 777424 + kMiB);
  a.listen.reset();
  a.networks[0].image.resize(4 * kMiB);
  EXPECT_EQ(esp_partitions(a).flash_bytes, 8 * kMiB);
  a.networks[0].image.resize(7 * kMiB + (kMiB >> 1));
  expect_throws([&] { esp_partitions(a); }, Exit::kUnsupported, "7,864,320 B");
}

TEST(Ecosystems, AreKnownByName) {
  EXPECT_THROW(find_ecosystem("keil"), Error);
  EXPECT_THROW(check_board(find_ecosystem("pico-sdk"), "teensy41"), Error);
  EXPECT_NO_THROW(check_board(find_ecosystem("pico-sdk"), "rp2040"));
}

}  // namespace
}  // namespace shoal

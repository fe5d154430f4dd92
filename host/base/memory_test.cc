#include "host/base/memory.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace shoal {
namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

std::string told(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kInternal);
    return e.what();
  }
  return "";
}

TEST(Memory, WhatIsNotAvailableIsRefused) {
  const int64_t available = available_memory();
  EXPECT_GT(available, 0);
  EXPECT_LT(available, kMost);
  require_memory(1 << 20, "a test");
  EXPECT_NE(told([&] {
              require_memory(int64_t{1} << 60, "a test");
            }).find("1,152,921,504,606,846,976 B"),
            std::string::npos);
  const std::string most = told([&] { require_memory(kMost, "a test"); });
  EXPECT_NE(most.find("more bytes than can be counted wanted for a test"),
            std::string::npos)
      << most;
}

TEST(Memory, AnErrorSaysHowMuchAndForWhat) {
  const std::string known =
      told([] { with_memory_for("a test", [] { throw OutOfMemory(12345); }); });
  EXPECT_TRUE(
      known.starts_with("memory is short: 12,345 B (12.1 KB) wanted "
                        "for a test, "))
      << known;
  EXPECT_TRUE(told([] {
                with_memory_for("a test", [] { throw std::bad_alloc(); });
              }).starts_with("memory is short for a test"));
  EXPECT_TRUE(told([] {
                with_memory_for("a test", [] {
                  std::vector<char>().resize(size_t(kMost) + 1);
                });
              }).starts_with("memory is short: more bytes than can be"));
  EXPECT_EQ(with_memory_for("a test", [] { return 5; }), 5);
  // The inner purpose is the more exact one.
  EXPECT_NE(told([] {
              with_memory_for("all", [] {
                with_memory_for("a part", [] { throw OutOfMemory(1); });
              });
            }).find("for a part"),
            std::string::npos);
}

TEST(Memory, SizesThatCannotBeCountedStayTheMost) {
  EXPECT_EQ(saturated_product(1 << 20, 1 << 20), int64_t{1} << 40);
  EXPECT_EQ(saturated_product(int64_t{1} << 40, int64_t{1} << 40), kMost);
  EXPECT_EQ(saturated_sum(kMost - 1, 1), kMost);
  EXPECT_EQ(saturated_sum(kMost, 1), kMost);
}

}  // namespace
}  // namespace shoal

#include "host/base/printable.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(Printable, TextStays) {
  for (const std::string text :
       {"", "plain", "caf\u00e9 \u4e2d \U0001F600", "a\tb", "\u00a0"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, ControlCharactersAreShown) {
  EXPECT_EQ(printable("\x1b[31mred\x1b[0m"), "\\x1b[31mred\\x1b[0m");
  EXPECT_EQ(printable("a\nb\rc\bd"), "a\\nb\\rc\\x08d");
  EXPECT_EQ(printable("a\nb", Newlines::kKept), "a\nb");
  EXPECT_EQ(printable(std::string("a\0b\x7f", 4)), "a\\x00b\\x7f");
  // C1: U+009B begins an escape sequence by itself.
  EXPECT_EQ(printable("\u009b2J"), "\\xc2\\x9b2J");
  EXPECT_EQ(printable("evil\u202egpj.exe"), "evil\\xe2\\x80\\xaegpj.exe");
}

TEST(Printable, WhatIsNoUtf8IsShownByteByByte) {
  for (const auto& [text, shown] :
       std::vector<std::pair<std::string, std::string>>{
           {"\xff", "\\xff"},
           {"a\xc3", "a\\xc3"},                  // cut off
           {"\xc3(", "\\xc3("},                  // no second byte
           {"\xc0\xaf", "\\xc0\\xaf"},           // too long for its value
           {"\xe0\x80\x9b", "\\xe0\\x80\\x9b"},  // the same, of C1
           {"\xed\xa0\x80", "\\xed\\xa0\\x80"},  // half of a pair
           {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
           {"\x9b", "\\x9b"}}) {
    EXPECT_EQ(printable(text), shown);
  }
}

// No byte that a terminal could obey is left, whatever goes in.
TEST(Printable, NothingThatActsIsLeft) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string text{static_cast<char>(a), static_cast<char>(b)};
      const std::string shown = printable(text);
      for (const char c : shown) {
        const auto byte = static_cast<uint8_t>(c);
        ASSERT_TRUE((byte >= 0x20 && byte != 0x7F) || c == '\t')
            << a << " " << b;
      }
      ASSERT_EQ(printable(shown), shown);
    }
  }
}

TEST(Printable, JsonStaysTheSame) {
  EXPECT_EQ(printable_json("{\n \"a\x7f\u009b\": \"\u00e9\"}"),
            "{\n \"a\\u007f\\u009b\": \"\u00e9\"}");
}

}  // namespace
}  // namespace shoal

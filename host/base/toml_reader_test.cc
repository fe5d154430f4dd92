#include "host/base/toml_reader.h"

#include <gtest/gtest.h>

#include "host/base/error.h"

namespace shoal {
namespace {

std::string refusal(const std::string& text) {
  try {
    parse_toml("a.toml", text);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUsage);
    return e.what();
  }
  return "";
}

TEST(ParseToml, OtherLettersAreForQuotesAndComments) {
  const std::string no = "a character outside of ASCII that is not in quotes";
  EXPECT_EQ(refusal("gr\u00F6\u00DFe = 1\n"), "a.toml:1: " + no);
  EXPECT_EQ(refusal("# \u00E4\nx = 1 \u038A\n"), "a.toml:2: " + no);
  EXPECT_EQ(refusal("[[a\u038Ab]]\n"), "a.toml:1: " + no);
  EXPECT_EQ(refusal("x = \"\\\"\u00E4\" \u00E4\n"), "a.toml:1: " + no);
  EXPECT_EQ(refusal("x = \"\u00E4\"\n'\u00E4' = '\u00E4\"' # \u00E4\n"), "");
  EXPECT_EQ(refusal("x = \"\"\"\u00E4\n\"\u00E4\"\n\"\"\"\ny = 1\n"), "");
  EXPECT_EQ(refusal("\xEF\xBB\xBFx = 1\n"), "");
  EXPECT_NE(refusal("x = \"\u00E4\ny = 2\n"), "") << "no end of the string";
}

TEST(ParseToml, DepthIsBounded) {
  const auto keys = [](int parts) {
    std::string key = "a";
    for (int i = 1; i < parts; ++i) key += i % 2 ? ".a" : " . \"a\"";
    return key;
  };
  const std::string parts = "a key of more than 16 parts";
  EXPECT_EQ(refusal(keys(16) + " = 0.5\n"), "");
  EXPECT_EQ(refusal("x = 1\n" + keys(17) + " = 1\n"), "a.toml:2: " + parts);
  EXPECT_EQ(refusal("[" + keys(20000) + "]\n"), "a.toml:1: " + parts);
  EXPECT_EQ(refusal("x = {" + keys(17) + " = 1}\n"), "a.toml:1: " + parts);
  const std::string levels = "lists and tables within each other, more than 16";
  const auto lists = [](size_t n) {
    return "x = " + std::string(n, '[') + std::string(n, ']') + "\n";
  };
  EXPECT_EQ(refusal(lists(16)), "");
  EXPECT_EQ(refusal(lists(17)), "a.toml:1: " + levels);
  EXPECT_EQ(refusal("x = '" + std::string(50, '[') + "'\n"), "");
}

}  // namespace
}  // namespace shoal

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

}  // namespace
}  // namespace shoal

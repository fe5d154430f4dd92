#include "host/base/shell_word.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(ShellWord, QuotesWhatAShellWouldChange) {
  EXPECT_EQ(shell_word("models/a-b_c.tflite"), "models/a-b_c.tflite");
  EXPECT_EQ(shell_word("rv32,f=false"), "rv32,f=false");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("a b"), "'a b'");
  EXPECT_EQ(shell_word("$HOME;"), "'$HOME;'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
}

}  // namespace
}  // namespace shoal

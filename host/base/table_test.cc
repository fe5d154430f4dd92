#include "host/base/table.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TextTable sample() {
  TextTable table({{"node", Align::kLeft},
                   {"arena B"},
                   {"flash B", Align::kRight, 2},
                   {"stages", Align::kRight, 1}},
                  2);
  table.add({"node0", "16,224", "376,160", "18"});
  table.add({"n1", "9", "-", "2"});
  return table;
}

TEST(TextTable, ColumnsAreAsWideAsWhatIsInThem) {
  EXPECT_EQ(sample().text(kAnyWidth),
            "  node   arena B  flash B  stages\n"
            "  node0   16,224  376,160      18\n"
            "  n1           9        -       2\n");
  EXPECT_EQ(sample().text(33), sample().text(kAnyWidth));
}

TEST(TextTable, TheLeastImportantColumnIsLeftOutFirst) {
  EXPECT_EQ(sample().text(32),
            "  node   arena B  stages\n"
            "  node0   16,224      18\n"
            "  n1           9       2\n"
            "  --wide also shows flash B\n");
  EXPECT_EQ(sample().text(23),
            "  node   arena B\n"
            "  node0   16,224\n"
            "  n1           9\n"
            "  --wide also shows 2 more columns\n");
  // Columns that are always shown stay in every width.
  EXPECT_EQ(sample().text(3), sample().text(23));
}

TEST(TextTable, CharactersCountNotBytes) {
  TextTable table({{"label", Align::kLeft}, {"B"}});
  table.add({"Käse", "1"});
  table.add({"Brot", "12"});
  EXPECT_EQ(table.text(80), "label   B\nKäse    1\nBrot   12\n");
}

TEST(WrapLines, LinesBreakAtSpaces) {
  EXPECT_EQ(wrap_lines("one two three\n", 80), "one two three\n");
  EXPECT_EQ(wrap_lines("one two three four\n", 9),
            "one two\n  three\n  four\n");
  EXPECT_EQ(wrap_lines("  one two three", 11), "  one two\n    three");
  EXPECT_EQ(wrap_lines("a\n\nb\n", 5), "a\n\nb\n");
}

TEST(WrapLines, TextBesideALabelStaysBesideIt) {
  EXPECT_EQ(wrap_lines("latency   24 ms a frame, modelled\n", 24),
            "latency   24 ms a frame,\n          modelled\n");
  EXPECT_EQ(wrap_lines("shoal: no such file here\n", 16, 7),
            "shoal: no such\n       file here\n");
}

TEST(WrapLines, LongWordsStayWhole) {
  EXPECT_EQ(wrap_lines("see /a/very/long/path/of/a/file now\n", 12),
            "see\n  /a/very/long/path/of/a/file\n  now\n");
}

}  // namespace
}  // namespace shoal

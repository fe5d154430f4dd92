#include "host/data/csv/csv.h"

#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/base/text_bytes.h"

namespace shoal {
namespace {

using Values = std::vector<double>;
using Texts = std::vector<std::string>;

CsvTable parse(const std::string& text) {
  return parse_csv(bytes_of(text), "t.csv");
}

std::string refusal(const std::string& text) {
  try {
    parse(text);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kCorrupt);
    return e.what();
  }
  return "accepted";
}

TEST(Csv, FilesOfManyProgramsAreRead) {
  for (const char* text :
       {"1,2\n3,-4.5e0\n", "1;2\r\n3;-4.5\r\n", "1\t2\n3\t-4.5",
        "1 2\n  3   -4.5\n", "# of a logger\n1, 2\n\n3, -4.5\n\n",
        "\xEF\xBB\xBF\"ax\",\"a \"\"y\"\"\"\n\"1\",2\n3,\"-4.5\"\n",
        "1,+2\n3,-45e-1\n"}) {
    const CsvTable t = parse(text);
    EXPECT_EQ(t.columns, 2) << text;
    EXPECT_EQ(t.rows, 2) << text;
    EXPECT_EQ(t.values, (Values{1, 2, 3, -4.5})) << text;
    EXPECT_TRUE(t.labels.empty());
  }
  EXPECT_EQ(parse("ax,ay\n1,2\n").names, (Texts{"ax", "ay"}));
  EXPECT_EQ(parse("7").values, Values{7});
}

TEST(Csv, LabelsAndTheIndexOfPandasAreNoValues) {
  const CsvTable t = parse(",ax,Label,ay\n0,1,walk,2\n1,3,run,4\n");
  EXPECT_EQ(t.values, (Values{1, 2, 3, 4}));
  EXPECT_EQ(t.names, (Texts{"ax", "ay"}));
  EXPECT_EQ(t.labels, (Texts{"walk", "run"}));
  EXPECT_EQ(t.label_name, "Label");
  EXPECT_TRUE(t.index_left_out);
  // Without a name, and yet values.
  const CsvTable values = parse(",ax\n5,1\n5,3\n");
  EXPECT_EQ(values.columns, 2);
  EXPECT_FALSE(values.index_left_out);
  EXPECT_EQ(refusal("label,class,a\n1,2,3\n"),
            "t.csv: two columns of labels: label and class");
}

TEST(Csv, WhatIsNoTableOfNumbersIsExplained) {
  EXPECT_EQ(refusal("ax,ay\n1,2\n1,abc\n"),
            "t.csv: line 3, column 2 (ay): 'abc' is not a number");
  EXPECT_EQ(refusal("1,2\n3,\n"), "t.csv: line 2, column 2: no value");
  EXPECT_EQ(refusal("1,2\nnan,2\n"),
            "t.csv: line 2, column 1: 'nan' is not a finite number");
  EXPECT_EQ(refusal("1,2\n1e999,2\n"),
            "t.csv: line 2, column 1: '1e999' is not a number");
  EXPECT_EQ(refusal("1,2\n3,4,5\n"),
            "t.csv: line 2: 3 columns, the lines above have 2");
  EXPECT_EQ(refusal("a;b\n1,5;2\n"),
            "t.csv: line 2, column 1 (a): '1,5' is not a number");
  EXPECT_EQ(refusal("\"1,2\n"),
            "t.csv: line 1: a quotation mark that is not closed");
  EXPECT_EQ(refusal(""), "t.csv: it has no rows of numbers");
  EXPECT_EQ(refusal("ax,ay\n"), "t.csv: it has no rows of numbers");
  EXPECT_EQ(refusal("label\nwalk\n"), "t.csv: it has no columns of numbers");
  EXPECT_EQ(refusal(std::string("1,2\n\0", 5)), "t.csv: is not text");
  EXPECT_EQ(refusal("\xFF\xFE"
                    "1"),
            "t.csv: the table is in UTF-16");
}

TEST(Csv, AGapInTheFirstRowIsNoHeader) {
  EXPECT_NE(refusal("1,,3\n4,5,6\n"), "accepted");
  EXPECT_NE(refusal("1,2x,3\n4,5,6\n"), "accepted");
  EXPECT_EQ(parse("0,1,label\n4,5,cat\n").rows, 1);
  EXPECT_TRUE(parse(",0,1\n0,5,6\n1,7,8\n").index_left_out);
}

TEST(Csv, DamagedFilesNeverCrash) {
  const std::string whole = ",a,label\n0,\"1.5\",x\n1,2e3,y\n";
  for (size_t n = 0; n < whole.size(); ++n) {
    try {
      parse(whole.substr(0, n));
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kCorrupt);
    }
  }
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string bad = whole;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    try {
      const CsvTable t = parse(bad);
      EXPECT_EQ(static_cast<int64_t>(t.values.size()), t.rows * t.columns);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kCorrupt);
    }
  }
}

}  // namespace
}  // namespace shoal

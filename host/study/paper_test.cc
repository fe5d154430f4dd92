#include "host/study/paper.h"

#include <gtest/gtest.h>

#include "host/base/error.h"

namespace shoal {
namespace {

std::string with(const std::string& figure) {
  return "source = \"s\"\nmodel = \"m\"\nboard = \"b\"\nmodel_file = \"f\"\n" +
         figure;
}

std::string refusal(const std::string& toml) {
  try {
    parse_paper("p.toml", toml);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUsage);
    return e.what();
  }
  return "";
}

TEST(Paper, TheFiguresThatAreCompiledIn) {
  const Paper paper = parse_paper("paper_split.toml", paper_split_toml());
  EXPECT_EQ(paper.board, "teensy41");
  EXPECT_EQ(paper.find("ram_kb", 224, 8), 499);
  EXPECT_EQ(paper.find("ram_kb", 112, 2), 441);
  EXPECT_EQ(paper.find("traffic_mb", 224, 8), 24.3);
  EXPECT_EQ(paper.find("latency_s", 112, 8), 45);
  EXPECT_EQ(paper.find("floor_kb", 224, 0), 451584 / 1024.);
  EXPECT_EQ(paper.find("floor_kb", 112, 0), 112896 / 1024.);
  EXPECT_EQ(paper.find("ram_kb", 224, 7), std::nullopt);
  EXPECT_NE(paper.source.find("quoted"), std::string::npos);
}

TEST(Paper, WhatIsWrongIsNamed) {
  const std::string good =
      "[[figure]]\nquantity = \"ram_kb\"\ninput = 224\nnodes = 4\nvalue = 5\n";
  EXPECT_EQ(refusal(with(good)), "");
  EXPECT_EQ(refusal("source = \"s\"\nmodel = \"m\"\n"),
            "p.toml:1: board is missing");
  EXPECT_EQ(refusal(with("")), "p.toml:1: figure is missing");
  EXPECT_EQ(refusal(with("colour = 1\n")), "p.toml:5: unknown key 'colour'");
  EXPECT_EQ(refusal(with("[[figure]]\nquantity = \"x\"\n")),
            "p.toml:6: figure: quantity 'x' is unknown");
  EXPECT_EQ(refusal(with(good + "size = 1\n")),
            "p.toml:10: figure: unknown key 'size'");
  EXPECT_EQ(refusal(with("[[figure]]\nquantity = \"ram_kb\"\ninput = 0\n")),
            "p.toml:7: figure: input must be from 1 to 65535");
  EXPECT_EQ(refusal(with("[[figure]]\nquantity = \"ram_kb\"\ninput = 2.5\n")),
            "p.toml:7: figure: input must be a whole number");
  EXPECT_EQ(refusal(with("[[figure]]\nquantity = \"ram_kb\"\ninput = 2\n"
                         "value = nan\n")),
            "p.toml:8: figure: value must be from 0 to 1e+15");
  EXPECT_EQ(refusal(with(good + good)),
            "p.toml:10: ram_kb of input 224 at 4 nodes is there twice");
  EXPECT_EQ(refusal("source = \n").find("p.toml:1: "), 0u);
}

}  // namespace
}  // namespace shoal

// All places that list the strategies have the same names.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "host/base/error.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/cuts/testing/mobilenet.h"

namespace shoal {
namespace {

std::string page(const std::string& name) {
  std::ifstream in(std::string(SHOAL_SOURCE_DIR) + "/" + name);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// Returns the line of a table that begins with `begin`.
std::string line_of(const std::string& text, const std::string& begin) {
  const size_t at = text.find("\n" + begin);
  if (at == text.npos) return "";
  return text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}

TEST(StrategyNames, EachCutsANet) {
  const Net net = mobilenet(32);
  const Cluster two = uniform_cluster(2, find_board("teensy41"), std::nullopt);
  for (const std::string& name : strategy_names()) {
    const Cuts cuts = make_cuts(net, two, {name});
    EXPECT_EQ(cuts.strategy, name);
    EXPECT_EQ(cuts.layers.size(), net.layers.size());
  }
  try {
    make_cuts(net, two, {"diagonal"});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.fix(), "one of: " + strategy_list());
  }
}

TEST(StrategyNames, TheFormatOfCutsTellsAllOfThem) {
  const std::string cuts = line_of(page("spec/files.md"), "| strategy |");
  for (const std::string& name : strategy_names()) {
    EXPECT_NE(cuts.find("`" + name + "`"), cuts.npos) << name << ": " << cuts;
    EXPECT_NE(strategy_list().find(name), std::string::npos);
  }
}

}  // namespace
}  // namespace shoal

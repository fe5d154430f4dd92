// The help fits a terminal and hides no flag for good; what is mistyped is
// named together with the nearest word.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/cli/listed_flags.h"
#include "tests/command.h"
#include "tests/expect_told.h"

namespace shoal {
namespace {

constexpr size_t kMostColumns = 80;
constexpr size_t kMostLines = 60;

class CliHelp : public testing::Test {
 protected:
  std::string help(const std::vector<std::string>& words) {
    return expect_ok(shop_, words).out;
  }
  std::vector<std::string> verbs() { return listed_verbs(shop_); }
  void refused(const std::vector<std::string>& arguments,
               const std::string& what) {
    expect_refused(shop_.shoal(arguments), 2, what);
  }
  Workshop shop_;
};

void expect_narrow(const std::string& text, const std::string& what) {
  for (const std::string& line : lines_of(text)) {
    EXPECT_LE(line.size(), kMostColumns) << what << ": " << line;
  }
}

TEST_F(CliHelp, FitsATerminal) {
  ASSERT_GE(verbs().size(), 20u);
  expect_narrow(help({"--help"}), "--help");
  EXPECT_LE(lines_of(help({"--help"})).size(), kMostLines);
  for (const std::string& verb : verbs()) {
    const std::string common = help({verb, "--help"});
    const std::string all = help({verb, "--help-all"});
    EXPECT_LE(lines_of(common).size(), kMostLines) << verb;
    expect_narrow(common, verb);
    expect_narrow(all, verb + " --help-all");
    const std::set<std::string> some = listed_flags(common),
                                every = listed_flags(all);
    EXPECT_TRUE(std::ranges::includes(every, some)) << verb;
    const bool hides = some.size() < every.size();
    EXPECT_EQ(common.find(" --help-all` lists all flags") != common.npos, hides)
        << verb;
    // CLI11's words for values of flags that the table of styles lacks.
    for (const char* raw : {" TEXT", " FLOAT", " INT", " UINT", "{"}) {
      EXPECT_EQ(all.find(raw), all.npos) << verb << raw;
    }
  }
}

TEST_F(CliHelp, TheSimulatedNetworkIsInTheHelpOfSimulate) {
  EXPECT_TRUE(listed_flags(help({"simulate", "--help"})).contains("--loss"));
  for (const std::string verb : {"run", "verify", "evaluate"}) {
    EXPECT_FALSE(listed_flags(help({verb, "--help"})).contains("--loss"))
        << verb;
    EXPECT_TRUE(listed_flags(help({verb, "--help-all"})).contains("--loss"))
        << verb;
  }
}

TEST_F(CliHelp, HelpIsAWordToo) {
  EXPECT_EQ(help({"help"}), help({"--help"}));
  for (const std::string verb : {"run", "keygen"}) {
    EXPECT_EQ(help({"help", verb}), help({verb, "--help"}));
    EXPECT_EQ(help({verb, "help"}), help({verb, "--help"}));
  }
  EXPECT_EQ(help({"-V"}), help({"--version"}));
  refused({"help", "pln"}, "'pln' is not a verb\n  did you mean `shoal plan`?");
  refused({"eval"}, "'eval' is not a verb\n  did you mean `shoal evaluate`?");
  refused({"in"}, "did you mean `shoal inspect`?");
  refused({"e"}, "'e' is not a verb\n  see `shoal --help`");
}

TEST_F(CliHelp, AMissingOperandHasAnExample) {
  refused({"plan"},
          "MODEL is required\n  for example `shoal plan model.tflite --ram "
          "160K`; see `shoal plan --help`");
  refused({"run", "m.tflite"},
          "INPUT is required\n  for example `shoal run model.tflite cat.bmp");
  refused({"quantize", "m.onnx"},
          "--calibrate is required\n  for example `shoal quantize model.onnx "
          "--calibrate pictures/");
  refused({"serve"}, "MODEL is required\n  for example `shoal serve");
}

TEST_F(CliHelp, TheNearestWordIsNamed) {
  refused({"plan", "m.tflite", "--bord", "teensy41"},
          "shoal plan has no flag --bord\n  did you mean `--board`?");
  refused({"plan", "m.tflite", "--bord=teensy41"}, "`--board`?");
  refused({"run", "m.tflite", "--zzzzzzzz"},
          "has no flag --zzzzzzzz\n  see `shoal run --help-all`");
  refused({"run", "m.tflite", "x.bin", "--fit", "crp"},
          "--fit: 'crp' is unknown\n  did you mean crop? one of: stretch");
  refused({"plan", "m.tflite", "--objective", "latncy"},
          "--objective: 'latncy' is unknown\n  did you mean latency?");
  refused({"study", "split", "m.tflite", "--every", "now"},
          "--every: 'now' is not a number");
}

}  // namespace
}  // namespace shoal

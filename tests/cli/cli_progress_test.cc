// Progress is one line on a terminal and nothing in a log; -q leaves out notes,
// -v adds some, also of workers; colours are for terminals without NO_COLOR.
#include <gtest/gtest.h>

#include "tests/command.h"
#include "tests/expect_told.h"

namespace shoal {
namespace {

constexpr const char* kRed = "\x1b[1;31m";
constexpr const char* kWipe = "\x1b[K";

class CliProgress : public testing::Test {
 protected:
  CliProgress() {
    shop_.script("cp " SHOAL_SOURCE_DIR
                 "/models/fashion_mobilenet_v2.tflite m.tflite\n"
                 "cp " SHOAL_SOURCE_DIR
                 "/models/samples/bag/0.png bag.png\n"
                 "mkdir -p set/8 && cp bag.png set/8");
  }
  // Returns all that a command prints on a terminal.
  std::string on_terminal(const std::string& words) {
    return shop_
        .script("export TERM=xterm\nscript -qec \"$SHOAL " + words +
                "\" /dev/null </dev/null")
        .out;
  }
  Workshop shop_;
};

TEST_F(CliProgress, WhatTakesLongShowsItOnATerminalAlone) {
  const std::string run = "run m.tflite bag.png --frames 90000000 --timeout 5";
  const std::string seen = on_terminal(run);
  EXPECT_NE(seen.find(std::string(kWipe)), seen.npos) << seen;
  EXPECT_NE(seen.find(" of 90,000,000 frames, "), seen.npos) << seen;
  const Told told = shop_.script("$SHOAL " + run);
  EXPECT_EQ(told.code, 8);
  EXPECT_EQ(told.err, "shoal: ran past --timeout\n");
  EXPECT_EQ(told.out, "");
}

TEST_F(CliProgress, WhatTakesLittleShowsNone) {
  EXPECT_EQ(on_terminal("plan m.tflite").find(kWipe), std::string::npos);
  const std::string quiet =
      on_terminal("run m.tflite bag.png -q --frames 90000000 --timeout 4");
  EXPECT_EQ(quiet.find(kWipe), std::string::npos) << quiet;
}

TEST_F(CliProgress, QuietLeavesOutNotesAndKeepsErrors) {
  const std::vector<std::string> evaluate{"evaluate", "m.tflite", "set"};
  const Told usual = expect_ok(shop_, evaluate);
  EXPECT_NE(usual.err.find("1 frames in "), std::string::npos) << usual.err;
  std::vector<std::string> quiet = evaluate;
  quiet.emplace_back("-q");
  const Told told = expect_ok(shop_, quiet);
  EXPECT_EQ(told.err, "");
  EXPECT_EQ(told.out, usual.out);
  expect_refused(shop_.shoal({"plan", "m.tflite", "--ram", "3K", "--quiet"}), 3,
                 "ARENA does not fit");
  expect_refused(shop_.shoal({"plan", "m.tflite", "-q", "-v"}), 2,
                 "exclude each other");
}

TEST_F(CliProgress, VerboseSaysWhichDefaultsAreSet) {
  EXPECT_EQ(shop_.script("XDG_CONFIG_HOME=$PWD $SHOAL ops -v").err,
            "no shoal.toml is read\n");
  shop_.script("printf '[plan]\\nram = \"64K\"\\n' > shoal.toml");
  EXPECT_EQ(expect_ok(shop_, {"plan", "m.tflite", "--verbose"}).err,
            "shoal.toml sets --ram=64K\n");
}

TEST_F(CliProgress, AVerboseRunSaysWhereItsPlanComesFrom) {
  const std::string run =
      "XDG_CACHE_HOME=$PWD/cache $SHOAL run -v m.tflite bag.png --frames 2";
  const std::string first = shop_.script(run).err;
  for (const char* line :
       {"the model m.tflite was read: 70 operators\n", "the plan was searched",
        "it uses 1 node by strategy single; a frame takes ",
        "frame 0 has its answer, ", "frame 1 has its answer, "}) {
    EXPECT_NE(first.find(line), first.npos) << line << "\n" << first;
  }
  const std::string again = shop_.script(run).err;
  EXPECT_NE(again.find("the plan was found in the cache"), again.npos) << again;
}

TEST_F(CliProgress, AVerboseWorkerSaysWhatHappens) {
  const Told told = shop_.script(
      "$SHOAL worker --insecure -v --listen 127.0.0.1:0 --ram 256K > out "
      "2> err &\n"
      "until grep -q listening out; do sleep 0.05; done\n"
      "address=$(sed 's/listening on //' out)\n"
      "$SHOAL run m.tflite bag.png --insecure --workers $address --frames 3 -v "
      "> /dev/null 2> run_err; code=$?\n"
      "kill -TERM $!; wait $!; cat err; exit $code");
  EXPECT_EQ(told.code, 0) << told.err;
  size_t at = 0;
  for (const char* line :
       {"the coordinator at 127.0.0.1:", "a program is ready\n",
        "a run begins\n", "the run has ended\n"}) {
    const size_t found = told.out.find(line, at);
    EXPECT_NE(found, told.out.npos) << line << "\n" << told.out;
    if (found != told.out.npos) at = found;
  }
  const std::string run = shop_.script("cat run_err").out;
  for (const char* line : {" has connected: board host, arena 262,144 B",
                           "every node has its program and has started it\n"}) {
    EXPECT_NE(run.find(line), run.npos) << line << "\n" << run;
  }
}

TEST_F(CliProgress, ColoursAreForTerminalsThatWantThem) {
  EXPECT_NE(on_terminal("pln").find(kRed), std::string::npos);
  EXPECT_EQ(shop_.script("$SHOAL pln").err.find(kRed), std::string::npos);
  const std::string none =
      shop_
          .script(
              "export TERM=xterm NO_COLOR=1\nscript -qec '$SHOAL pln' "
              "/dev/null </dev/null")
          .out;
  EXPECT_NE(none.find("'pln' is not a verb"), none.npos) << none;
  EXPECT_EQ(none.find(kRed), none.npos) << none;
}

}  // namespace
}  // namespace shoal

// Under --json an error is one line of JSON on stderr, whichever verb fails
// and at whichever step.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/command.h"
#include "tests/expect_told.h"

namespace shoal {
namespace {

class CliErrors : public testing::Test {
 protected:
  // Returns the error that a command prints; stdout must be empty.
  nlohmann::json error_of(std::vector<std::string> words) {
    // Behind the verb: a flag without its value would take what follows.
    words.insert(words.begin() + (words.empty() ? 0 : 1), "--json");
    const Told told = shop_.shoal(words);
    EXPECT_NE(told.code, 0) << told.out;
    EXPECT_EQ(told.out, "");
    const std::vector<std::string> lines = lines_of(told.err);
    EXPECT_FALSE(lines.empty());
    const nlohmann::json json =
        nlohmann::json::parse(lines.empty() ? "" : lines.back(), nullptr,
                              /*allow_exceptions=*/false);
    EXPECT_TRUE(json.is_object() && json.contains("error")) << told.err;
    if (!json.is_object() || !json.contains("error")) return {};
    EXPECT_EQ(json.size(), 1u);
    EXPECT_EQ(json["error"].size(), 4u);
    EXPECT_EQ(json["error"].value("code", -1), told.code);
    return json["error"];
  }
  void refused(const std::vector<std::string>& words, const std::string& kind,
               const std::string& message, const std::string& help) {
    const nlohmann::json error = error_of(words);
    EXPECT_EQ(error.value("kind", ""), kind) << error;
    EXPECT_NE(error.value("message", "").find(message), std::string::npos)
        << error;
    EXPECT_NE(error.value("help", "").find(help), std::string::npos) << error;
  }
  Workshop shop_;
};

const std::string kFashionNet =
    std::string(SHOAL_SOURCE_DIR) + "/models/fashion_mobilenet_v2.tflite";
const std::string kBagPicture =
    std::string(SHOAL_SOURCE_DIR) + "/models/samples/bag/0.png";

TEST_F(CliErrors, EveryVerbHasThemAsJson) {
  for (const char* verb :
       {"inspect", "plan",    "run",        "verify",   "simulate", "build",
        "export",  "emulate", "bench-node", "worker",   "discover", "probe",
        "deploy",  "keygen",  "study",      "evaluate", "quantize", "ops",
        "boards",  "doctor",  "formats",    "report",   "send"}) {
    const nlohmann::json error = error_of({verb, "--zzz"});
    EXPECT_EQ(error.value("kind", ""), "usage") << verb;
    EXPECT_NE(error.value("message", ""), "") << verb;
  }
}

TEST_F(CliErrors, KindsSayWhatTheExitCodesSay) {
  refused({"pln"}, "usage", "'pln' is not a verb", "`shoal plan`?");
  refused({}, "usage", "verb", "--help");
  refused({"plan", kFashionNet, "--bord", "x"}, "usage", "has no flag --bord",
          "did you mean `--board`?");
  refused({"plan", kFashionNet, "--objective", "latncy"}, "usage",
          "'latncy' is unknown", "latency");
  refused({"plan", kFashionNet, "--ram", "3K"}, "does_not_fit",
          "ARENA does not fit", "--ram ");
  refused({"plan", "gone.tflite"}, "usage", "gone.tflite", "");
  shop_.write("bad.tflite", std::vector<uint8_t>(64, 9));
  refused({"plan", "bad.tflite"}, "corrupt", "bad.tflite", "");
  refused({"run", kFashionNet, kBagPicture, "--workers", "127.0.0.1:9",
           "--insecure", "--node-timeout", "1"},
          "node", "127.0.0.1:9", "");
  refused({"study", "split", kFashionNet, "-o", "study", "--timeout", "1"},
          "timeout", "ran past --timeout", "");
}

// Bytes of a name that are no text leave the JSON valid.
TEST_F(CliErrors, NamesMayBeAnyBytes) {
  const std::string name = "a\"\x1b[2J\xff\n.tflite";
  const nlohmann::json error = error_of({"plan", name});
  EXPECT_NE(error.value("message", "").find(".tflite"), std::string::npos);
}

TEST_F(CliErrors, WithoutJsonTheyAreText) {
  expect_refused(shop_.shoal({"plan", kFashionNet, "--ram", "3K"}), 3,
                 "shoal: ARENA does not fit");
}

TEST_F(CliErrors, FlagsAreRefusedInSentences) {
  const auto says = [&](const std::vector<std::string>& more,
                        const std::string& message) {
    std::vector<std::string> words{"run", kFashionNet, kBagPicture};
    words.insert(words.end(), more.begin(), more.end());
    refused(words, "usage", message, "shoal run --help");
  };
  says({"--ram"}, "--ram needs a value");
  says({"--store=", "--json"}, "--store needs a value");
  says({"--ram", "1K", "--ram", "2K"}, "--ram is given 2 times");
  says({"--top", "0"}, "--top: 0 is not in the range 1 to 1000000");
  says({"--nodes", "x"}, "--nodes: 'x' is not a number");
  says({"--key", "k", "--insecure"}, "--key and --insecure exclude each other");
}

}  // namespace
}  // namespace shoal

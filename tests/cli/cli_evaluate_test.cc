// `shoal evaluate`: what it says, the same for every plan, resumed or not, and
// what it refuses.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "host/data/dataset/testing/idx_files.h"
#include "host/data/image/testing/pictures.h"
#include "host/model/import/testing/model_builder.h"
#include "tests/command.h"
#include "tests/expect_told.h"

namespace shoal {
namespace {

using nlohmann::json;

constexpr int kSide = 8, kPerClass = 9;
const std::vector<std::string> kColours{"blue", "green", "red"};

// The class is the channel that is brightest on average: red 0, green 1,
// blue 2.
std::vector<uint8_t> colour_model() {
  ModelBuilder b;
  const int x = b.input({1, kSide, kSide, 3}, {1 / 255.f, -128});
  const int mean = b.reduce(OpKind::kMean, x, {1, 2}, false, {1 / 255.f, -128});
  const int w =
      b.weights({3, 3}, {127, 0, 0, 0, 127, 0, 0, 0, 127}, {1 / 127.f}, 0);
  b.output(b.fully_connected(mean, w, -1, {1 / 255.f, -128}));
  return b.finish();
}

// Each class has `kPerClass` pictures, all but one of them brightest in its
// colour.
std::vector<uint8_t> picture(int channel, int number) {
  std::mt19937 random(static_cast<unsigned>(channel * 100 + number));
  std::vector<uint8_t> rgb;
  if (number == kPerClass - 1) channel = (channel + 1) % 3;
  for (int i = 0; i < kSide * kSide * 3; ++i) {
    const int bright = i % 3 == channel ? 120 : 60;
    rgb.push_back(static_cast<uint8_t>(bright + random() % 60));
  }
  return rgb;
}

class CliEvaluate : public testing::Test {
 protected:
  CliEvaluate() {
    shop_.write("m.tflite", colour_model());
    const std::string labels = "red\ngreen\nblue\n";
    shop_.write("labels.txt", {labels.begin(), labels.end()});
    std::vector<uint8_t> pixels, classes;
    for (int i = 0; i < kPerClass; ++i) {
      for (int c = 0; c < 3; ++c) {
        const std::vector<uint8_t> rgb = picture(c, i);
        const std::string folder = "data/" + kColours[size_t(2 - c)];
        std::filesystem::create_directories(shop_.folder() / folder);
        shop_.write(folder + "/" + std::to_string(i) + ".bmp",
                    make_bmp(kSide, kSide, rgb));
        pixels.insert(pixels.end(), rgb.begin(), rgb.end());
        classes.push_back(static_cast<uint8_t>(c));
      }
    }
    std::filesystem::create_directories(shop_.folder() / "idx");
    shop_.write("idx/t-images-idx4-ubyte",
                make_idx({3 * kPerClass, kSide, kSide, 3}, pixels));
    shop_.write("idx/t-labels-idx1-ubyte", make_idx({3 * kPerClass}, classes));
  }
  Told evaluate(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"evaluate", "m.tflite"});
    return shop_.shoal(arguments);
  }
  json evaluate_json(std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    const Told told = evaluate(arguments);
    EXPECT_EQ(told.code, 0) << told.err;
    return told.code == 0 ? json::parse(told.out) : json::object();
  }
  void refused(const std::vector<std::string>& arguments, int code,
               const std::string& what) {
    expect_refused(evaluate(arguments), code, what);
  }
  Workshop shop_;
};

// Returns the results that may not depend on how it was run.
json results(json j) {
  for (const char* key :
       {"arena_bytes", "where", "resumed_frames", "seconds", "frames_per_s"}) {
    EXPECT_TRUE(j.contains(key)) << key;
    j.erase(key);
  }
  return j;
}

TEST_F(CliEvaluate, SaysWhatItCounted) {
  const Told told = evaluate({"data", "--labels", "labels.txt"});
  ASSERT_EQ(told.code, 0) << told.err;
  const std::vector<std::string> lines = lines_of(told.out);
  ASSERT_EQ(lines.size(), 8u) << told.out;
  EXPECT_EQ(lines[0], "top-1    88.89 %, 24 of 27 frames");
  EXPECT_EQ(lines[1], "recall   88.89 %, mean of 3 classes");
  EXPECT_TRUE(lines[2].starts_with("arena    "));
  EXPECT_EQ(lines[4], "class    recall  0  1  2  <- predicted");
  EXPECT_EQ(lines[5], "0 red     88.9%  8  1  0");
  EXPECT_EQ(lines[6], "1 green   88.9%  0  8  1");
  EXPECT_EQ(lines[7], "2 blue    88.9%  1  0  8");
  EXPECT_NE(told.err.find("27 frames in 0:0"), std::string::npos) << told.err;
}

TEST_F(CliEvaluate, ClassesWithoutFramesHaveNoRecall) {
  const json j = evaluate_json({"data", "--limit", "1"});
  int unknown = 0;
  for (const json& c : j.at("classes")) {
    EXPECT_EQ(c.at("recall").is_null(), c.at("frames") == 0) << c;
    unknown += c.at("recall").is_null() ? 1 : 0;
  }
  EXPECT_EQ(unknown, 2);
}

TEST_F(CliEvaluate, FoldersWithoutLabelsAreNumberedByName) {
  const json j = evaluate_json({"data"});
  EXPECT_EQ(j.at("top1_frames"), 8 + 1);  // green is 1 in both orders
  EXPECT_EQ(j.at("classes").at(0).at("label"), "blue");
}

TEST_F(CliEvaluate, JsonAndCsvAreComplete) {
  const json j = evaluate_json({"idx", "-o", "c.csv"});
  EXPECT_EQ(j.at("frames"), 27);
  EXPECT_EQ(j.at("top1_frames"), 24);
  EXPECT_EQ(j.at("top5_frames"), 27);
  EXPECT_EQ(j.at("outputs"), 3);
  EXPECT_EQ(j.at("confusion").size(), 6u);
  EXPECT_EQ(j.at("confusion").at(1),
            (json{{"truth", 0}, {"said", 1}, {"frames", 1}}));
  EXPECT_EQ(j.at("classes").at(2).at("right"), 8);
  EXPECT_EQ(shop_.read_text("c.csv"),
            "truth \\ said,0,1,2\n0,8,1,0\n1,0,8,1\n2,1,0,8\n");
  evaluate_json({"idx", "--labels", "labels.txt", "-o", "c.csv"});
  EXPECT_TRUE(shop_.read_text("c.csv").starts_with(
      "truth \\ said,0 red,1 green,2 blue\n"));
}

TEST_F(CliEvaluate, EveryPlanGivesTheSame) {
  const json wanted = results(evaluate_json({"idx"}));
  const std::vector<std::vector<std::string>> plans{
      {"--objective", "ram", "--jobs", "1"},
      {"--jobs", "5", "--batch", "4"},
      {"--board", "teensy41", "--flash", "0"},
      {"--nodes", "3", "--jobs", "2"},
      {"--nodes", "2", "--strategy", "kernel", "--loss", "2%"}};
  for (std::vector<std::string> arguments : plans) {
    const std::string first = arguments[0];
    arguments.insert(arguments.begin(), "idx");
    EXPECT_EQ(results(evaluate_json(arguments)), wanted) << first;
  }
}

// A store that is kept is the first thread's; one that was built is run by all
// of them, without the model.
TEST_F(CliEvaluate, StoresGiveTheSame) {
  const json wanted = results(evaluate_json({"idx", "--labels", "labels.txt"}));
  const json kept =
      evaluate_json({"idx", "--labels", "labels.txt", "--board", "teensy41",
                     "--flash", "0", "--store", "d", "--jobs", "3"});
  EXPECT_EQ(results(kept), wanted);
  std::filesystem::remove(shop_.folder() / "m.tflite");
  const auto built = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"evaluate", "--store", "d", "idx", "--json"});
    const Told told = shop_.shoal(more);
    EXPECT_EQ(told.code, 0) << told.err;
    return told.code == 0 ? json::parse(told.out) : json::object();
  };
  const json j = built({"--jobs", "3", "--resume", "j"});
  EXPECT_EQ(results(j), wanted);
  EXPECT_EQ(j.at("where"), "one node, 3 threads");
  EXPECT_EQ(j.at("arena_bytes"), kept.at("arena_bytes"));
  EXPECT_EQ(built({"--resume", "j"}).at("resumed_frames"), 3 * kPerClass);
  const Told planned =
      shop_.shoal({"evaluate", "--store", "d", "idx", "--ram", "64K"});
  EXPECT_EQ(planned.code, 2);
  EXPECT_NE(planned.err.find("--ram: a built store is run as it is"),
            std::string::npos)
      << planned.err;
}

// Two workers, and their addresses as --workers wants them.
struct TwoWorkers {
  explicit TwoWorkers(const Workshop& shop) {
    for (const char* name : {"a", "b"}) {
      workers.push_back(std::make_unique<Background>(
          shop, std::vector<std::string>{"worker", "--ram", "64K", "--insecure",
                                         "--name", name}));
      const std::string line = workers.back()->line();
      const std::string before = "listening on ";
      EXPECT_TRUE(line.starts_with(before)) << line;
      addresses += (addresses.empty() ? "" : ",") +
                   line.substr(std::min(before.size(), line.size()));
    }
  }
  std::vector<std::unique_ptr<Background>> workers;
  std::string addresses;
};

TEST_F(CliEvaluate, WorkersGiveTheSame) {
  const json wanted = results(evaluate_json({"idx"}));
  const TwoWorkers two(shop_);
  const json j = evaluate_json(
      {"idx", "--workers", two.addresses, "--insecure", "--node-timeout", "9"});
  EXPECT_EQ(results(j), wanted);
  EXPECT_EQ(j.at("where"), "2 workers");
  refused({"idx", "--workers", two.addresses, "--insecure", "--jobs", "2"}, 2,
          "--jobs");
}

TEST_F(CliEvaluate, InterruptedOverWorkersItGoesOnWhereItWas) {
  constexpr int kMany = 3000;
  std::vector<uint8_t> pixels, classes;
  for (int i = 0; i < kMany; ++i) {
    const std::vector<uint8_t> rgb = picture(i % 3, i % kPerClass);
    pixels.insert(pixels.end(), rgb.begin(), rgb.end());
    classes.push_back(static_cast<uint8_t>(i % 3));
  }
  std::filesystem::create_directories(shop_.folder() / "many");
  shop_.write("many/t-images-idx4-ubyte",
              make_idx({kMany, kSide, kSide, 3}, pixels));
  shop_.write("many/t-labels-idx1-ubyte", make_idx({kMany}, classes));
  const json wanted = results(evaluate_json({"many"}));
  const TwoWorkers two(shop_);
  const std::string rest =
      " --workers " + two.addresses + " --insecure --resume j";
  const Told told = shop_.script(
      "set -m; $SHOAL evaluate m.tflite many" + rest +
      " 2>said & until [[ -e j && $(wc -l <j) -gt 100 ]]; do kill -0 $! || "
      "exit 1; sleep 0.02; done; kill -INT $!; wait $!");
  EXPECT_EQ(told.code, 130);
  EXPECT_NE(shop_.read_text("said").find(
                "interrupted; 2 of 2 nodes have been stopped"),
            std::string::npos);
  const json j = evaluate_json(
      {"many", "--workers", two.addresses, "--insecure", "--resume", "j"});
  EXPECT_GT(j.at("resumed_frames"), 99);
  EXPECT_EQ(results(j), wanted);
}

TEST_F(CliEvaluate, GoesOnFromItsJournal) {
  const json wanted = results(evaluate_json({"idx"}));
  EXPECT_EQ(
      evaluate_json({"idx", "--resume", "j", "--limit", "10"}).at("frames"),
      10);
  const json rest = evaluate_json({"idx", "--resume", "j", "--nodes", "2"});
  EXPECT_EQ(rest.at("resumed_frames"), 10);
  EXPECT_EQ(results(rest), wanted);
  const std::vector<uint8_t> whole = shop_.read("j");
  std::vector<uint8_t> cut = whole;
  cut.resize(whole.size() * 2 / 3);
  shop_.write("j", cut);
  const json after = evaluate_json({"idx", "--resume", "j"});
  EXPECT_LT(after.at("resumed_frames"), 27);
  EXPECT_GT(after.at("resumed_frames"), 10);
  EXPECT_EQ(results(after), wanted);
  const json none = evaluate_json({"idx", "--resume", "j"});
  EXPECT_EQ(none.at("resumed_frames"), 27);
  EXPECT_EQ(results(none), wanted);
  refused({"idx", "--resume", "j", "--mean", "3"}, 2,
          "how pictures become inputs");
  refused({"data", "--resume", "j"}, 2, "other files or labels");
  refused({"idx", "--resume", "labels.txt"}, 2, "not a journal");
  cut = whole;
  cut[whole.size() / 2] ^= 1;
  shop_.write("j", cut);
  refused({"idx", "--resume", "j"}, 7, "j: line ");
}

// A picture of the same name and other content has no answer yet.
TEST_F(CliEvaluate, AJournalIsOfItsPictures) {
  evaluate_json({"data", "--resume", "j"});
  std::string changed;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(shop_.folder() / "data")) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file() || !name.ends_with(".bmp")) continue;
    changed = entry.path().lexically_relative(shop_.folder() / "data").string();
    break;
  }
  ASSERT_NE(changed, "");
  shop_.write("data/" + changed, make_bmp(kSide, kSide, picture(1, 99)));
  refused({"data", "--resume", "j"}, 2,
          changed + " has changed since its answer was written to j");
}

// Each change is right, or refused by its name.
TEST_F(CliEvaluate, AJournalIsOfAllThatAnswersDependOn) {
  const json wanted = results(evaluate_json({"idx", "--resume", "j"}));
  const auto same = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"idx", "--resume", "j"});
    const json j = evaluate_json(flags);
    EXPECT_EQ(j.at("resumed_frames"), 3 * kPerClass);
    EXPECT_EQ(results(j), wanted);
  };
  same({"--nodes", "2"});
  same({"--objective", "ram"});
  const auto changed = [&](const std::string& file,
                           const std::vector<uint8_t>& bytes,
                           const std::string& what) {
    const std::vector<uint8_t> before = shop_.read(file);
    shop_.write(file, bytes);
    refused({"idx", "--resume", "j"}, 2, what);
    shop_.write(file, before);
  };
  const std::string labels = "idx/t-labels-idx1-ubyte";
  std::vector<uint8_t> bytes = shop_.read(labels);
  bytes.back() = 0;
  changed(labels, bytes, "j: the journal of other files or labels");
  const std::string pictures = "idx/t-images-idx4-ubyte";
  const std::vector<uint8_t> idx = shop_.read(pictures);
  bytes = idx;
  bytes.back() ^= 1;
  changed(pictures, bytes, "t-images[26] has changed since its answer");
  // The same bytes as pictures of another shape.
  const auto pixels = idx.end() - ptrdiff_t{3} * kPerClass * kSide * kSide * 3;
  changed(
      pictures,
      make_idx({3 * kPerClass, kSide / 2, kSide * 2, 3}, {pixels, idx.end()}),
      "j: the journal of other files or labels");
  bytes = shop_.read("m.tflite");
  bytes.push_back(0);
  changed("m.tflite", bytes, "j: the journal of another model");
  const std::string old = "shoal evaluate 1 0123456789abcdef\n";
  changed("j", {old.begin(), old.end()}, "j: a journal of an earlier version");
  same({});
}

TEST_F(CliEvaluate, FloatModelsRunAsTheyAre) {
  const std::string model =
      SHOAL_SOURCE_DIR "/host/model/onnx/testdata/mobilenet_v2.onnx";
  for (int c = 0; c < 3; ++c) {
    const std::string folder = "few/" + kColours[static_cast<size_t>(c)];
    std::filesystem::create_directories(shop_.folder() / folder);
    shop_.write(folder + "/1.bmp", make_bmp(kSide, kSide, picture(c, c)));
  }
  const Told told = shop_.shoal({"evaluate", model, "few", "--json"});
  ASSERT_EQ(told.code, 0) << told.err;
  const json j = json::parse(told.out);
  ASSERT_EQ(j.at("confusion").size(), 3u);
  EXPECT_EQ(j.at("arena_bytes"), json::array());
  for (size_t c = 0; c < 3; ++c) {
    const Told run =
        shop_.shoal({"run", model, "few/" + kColours[c] + "/1.bmp", "--json"});
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(j.at("confusion").at(c).at("said"),
              json::parse(run.out).at("top").at(0).at("index"));
  }
  for (const char* flag : {"--ram=64K", "--nodes=2", "--board=rp2040",
                           "--flash=0", "--batch=2", "--loss=1%"}) {
    const Told refused = shop_.shoal({"evaluate", model, "few", flag});
    EXPECT_EQ(refused.code, 2) << flag;
    const std::string name(flag, std::string(flag).find('='));
    EXPECT_NE(refused.err.find(name), std::string::npos) << refused.err;
  }
}

TEST_F(CliEvaluate, RefusesWhatCannotBe) {
  refused({"nowhere"}, 2, "no such file");
  refused({"data/red"}, 2, "has no label");
  refused({"idx", "--which", "train"}, 2, "no set 'train'");
  refused({"idx", "--label-offset", "1"}, 2, "which has 3 outputs");
  refused({"idx", "--store", "d", "--nodes", "2"}, 2, "--store");
  const Told nothing = shop_.shoal({"evaluate"});
  EXPECT_EQ(nothing.code, 2);
  EXPECT_NE(nothing.err.find("MODEL is required"), std::string::npos);
  refused({}, 2, "DATASET is required");
  refused({"idx", "--loss", "1%"}, 2, "--loss");
  refused({"idx", "--ram", "10"}, 3, "ARENA");
  refused({"idx", "--limit", "0"}, 2, "--limit");
  refused({"idx", "--jobs", "0"}, 2, "--jobs");
  shop_.write("data/red/broken.png", {1, 2, 3});
  refused({"data", "--labels", "labels.txt"}, 7, "red/broken.png");
}

}  // namespace
}  // namespace shoal

// The command line on real models and pictures: pictures become the golden
// inputs byte for byte, classes are the golden ones, and the arena stays
// within what was asked for.
#include <gtest/gtest.h>

#include <cctype>
#include <nlohmann/json.hpp>
#include <sstream>

#include "host/base/files.h"
#include "host/data/image/picture.h"
#include "host/model/import/import.h"
#include "tests/command.h"
#include "tests/shared.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const char* const kRealPictures[] = {"bird", "cat", "grace_hopper",
                                     "sunflower"};

std::string picture_file(const std::string& name) {
  return (shared_dir() / "images" / (name + ".bmp")).string();
}
std::string labels_file() {
  return (shared_dir() / "models" / "imagenet_labels.txt").string();
}

TEST(CliShared, TheCatIsSeenIn160K) {
  const Workshop shop;
  const Told told = shop.shoal(
      {"run", golden_model_file("tf2_mobilenet_v2_1.0_224_ptq"),
       picture_file("cat"), "--labels", labels_file(), "--ram", "160K"});
  EXPECT_EQ(told.code, 0) << told.err;
  const std::vector<std::string> lines = lines_of(told.out);
  ASSERT_GE(lines.size(), 5u);
  EXPECT_NE(lines[0].find("286  Egyptian cat"), std::string::npos) << lines[0];
  const std::string all = told.out;
  const size_t arena = all.find("arena ");
  ASSERT_NE(arena, std::string::npos) << all;
  std::string digits;
  for (const char c : all.substr(arena + 6, all.find(" B", arena) - arena)) {
    if (std::isdigit(static_cast<unsigned char>(c))) digits += c;
    if (c == 'B') break;
  }
  EXPECT_LE(std::stoi(digits), 160 * 1024) << all;
}

class PictureTest : public testing::TestWithParam<std::string> {};

TEST_P(PictureTest, PicturesBecomeTheGoldenInputsAndOutputs) {
  const fs::path golden = shared_dir() / "golden" / GetParam();
  const std::string model = golden_model_file(GetParam());
  const Graph graph = load_model(model);
  const Workshop shop;
  int pictures = 0;
  for (const std::string name : kRealPictures) {
    if (!fs::exists(golden / (name + ".in.bin"))) continue;
    ++pictures;
    const std::string file = picture_file(name);
    EXPECT_EQ(picture_input(graph, decode_picture(read_file(file), file), {}),
              read_file(golden / (name + ".in.bin")))
        << name;
    const Told told = shop.shoal({"run", model, file, "--output", "out.bin"});
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(shop.read("out.bin"), read_file(golden / (name + ".out.bin")))
        << name;
  }
  EXPECT_GT(pictures, 0);
}

std::vector<std::string> picture_models() {
  std::vector<std::string> names;
  for (const std::string& name : golden_model_names()) {
    for (const std::string picture : kRealPictures) {
      if (!fs::exists(shared_dir() / "golden" / name / (picture + ".in.bin"))) {
        continue;
      }
      names.push_back(name);
      break;
    }
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Models, PictureTest,
                         testing::ValuesIn(picture_models()),
                         [](const auto& info) {
                           return test_name(info.param);
                         });

// "286 Egyptian cat (160); 282 tabby, tabby cat (31)": numbers and labels.
std::vector<std::pair<int, std::string>> parse_classes(
    const std::string& text) {
  std::vector<std::pair<int, std::string>> classes;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ';');) {
    std::istringstream words(part);
    int index = -1;
    words >> index;
    std::string rest;
    std::getline(words, rest);
    classes.emplace_back(index, rest.substr(1, rest.rfind(" (") - 1));
  }
  return classes;
}

TEST(CliShared, TheFiveBestClassesAreTheGoldenOnes) {
  const Workshop shop;
  const auto text = read_file(shared_dir() / "golden" / "top5.tsv");
  std::vector<std::string> lines = lines_of({text.begin(), text.end()});
  int compared = 0;
  for (size_t i = 1; i < lines.size(); ++i) {
    std::istringstream columns(lines[i]);
    std::string model, input, classes;
    std::getline(columns, model, '\t');
    std::getline(columns, input, '\t');
    std::getline(columns, classes);
    const fs::path in = shared_dir() / "golden" / model / (input + ".in.bin");
    const Told told = shop.shoal({"run", golden_model_file(model), in.string(),
                                  "--json", "--labels", labels_file()});
    ASSERT_EQ(told.code, 0) << told.err;
    const json top = json::parse(told.out)["top"];
    const auto wanted = parse_classes(classes);
    ASSERT_EQ(wanted.size(), 5u) << classes;
    for (size_t c = 0; c < wanted.size(); ++c) {
      EXPECT_EQ(top[c]["index"], wanted[c].first) << model << " " << input;
      EXPECT_EQ(top[c]["label"], wanted[c].second) << model << " " << input;
    }
    ++compared;
  }
  EXPECT_GE(compared, 15);
}

TEST(CliShared, VerifyFindsCasesInTheGoldenRoot) {
  const Workshop shop;
  const fs::path root = shared_dir() / "golden";
  const std::string name = "kws_ref_model";
  const Told told = shop.shoal({"verify", golden_model_file(name),
                                (root / name / "kws0.in.bin").string(),
                                "--golden", root.string()});
  EXPECT_EQ(told.code, 0) << told.out << told.err;
  EXPECT_NE(told.out.find("oracle and golden are equal"), std::string::npos);
}

// The last input is repeated to fill its batch, and judged once.
TEST(CliShared, GoldenCasesRunInBatches) {
  const Workshop shop;
  const std::string name = "kws_ref_model";
  const fs::path golden = shared_dir() / "golden" / name;
  std::vector<std::string> command{"verify", golden_model_file(name)};
  for (const auto& entry : fs::directory_iterator(golden)) {
    const std::string file = entry.path().string();
    if (file.ends_with(".in.bin") && command.size() < 5) {
      command.push_back(file);
    }
  }
  const size_t cases = command.size() - 2;
  for (const char* word : {"--batch", "3", "--board", "teensy41", "--flash",
                           "0", "--json", "--golden"}) {
    command.push_back(word);
  }
  command.push_back(golden.string());
  const Told told = shop.shoal(command);
  ASSERT_EQ(told.code, 0) << told.err;
  const json said = json::parse(told.out);
  EXPECT_EQ(said.at("results").size(), cases);
  for (const auto& result : said.at("results")) {
    EXPECT_TRUE(result.at("golden"));
    EXPECT_TRUE(result.at("equal"));
  }
}

// Weights may lie beside the model: answers of others are not counted.
TEST(CliShared, AJournalIsOfItsExternalWeights) {
  const Workshop shop;
  const Told told = shop.script(
      "cp " + (shared_dir() / "cases/12_external_data/model.onnx").string() +
      "{,.data} .; chmod u+w *\n"
      "for class in a b c d e; do mkdir -p set/$class; cp " +
      picture_file("cat") +
      " set/$class; done\n"
      "$SHOAL evaluate model.onnx set --resume j -q >/dev/null || exit 9\n"
      "printf '\\001' | dd of=model.onnx.data bs=1 seek=100 conv=notrunc "
      "status=none\n"
      "$SHOAL evaluate model.onnx set --resume j -q");
  EXPECT_EQ(told.code, 2) << told.err;
  EXPECT_NE(told.err.find("another model"), std::string::npos) << told.err;
}

}  // namespace
}  // namespace shoal

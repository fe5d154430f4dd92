// The executable as a script sees it: verbs, JSON, exit codes, and the text
// of what goes wrong. Models and pictures are made here.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "host/base/testing/noise.h"
#include "host/data/image/testing/pictures.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"
#include "host/oracle/golden/checksum.h"
#include "host/oracle/golden/trace.h"
#include "host/oracle/int8/oracle.h"
#include "tests/command.h"

namespace shoal {
namespace {

using nlohmann::json;

// A small classifier of 16 x 12 pictures, ten classes, all of its layers
// named.
std::vector<uint8_t> classifier(Type type = Type::kUint8) {
  ModelBuilder b(type);
  const int x = b.input({1, 16, 12, 3}, {1 / 128.f, 0});
  const int w0 = b.weights({8, 3, 3, 3}, noise<int8_t>(216, 1), {0.004f}, 0);
  const int y = b.conv(x, w0, b.bias(std::vector<int32_t>(8, 300)), {0.02f, -3},
                       {.stride_h = 2});
  b.rename(y, "stem");
  const int w1 = b.weights({1, 3, 3, 8}, noise<int8_t>(72, 2), {0.004f}, 3);
  const int z =
      b.depthwise(y, w1, b.bias(std::vector<int32_t>(8, 0)), {0.03f, 4});
  b.rename(z, "deep");
  const int sum = b.add(y, z, {0.04f, 0});
  const int m = b.reduce(OpKind::kMean, sum, {1, 2}, false, {0.01f, 0});
  const int w2 = b.weights({10, 8}, noise<int8_t>(80, 3), {0.01f}, 0);
  b.output(b.softmax(b.fully_connected(m, w2, -1, {0.02f, 0})));
  return b.finish();
}

constexpr int kWidth = 12, kHeight = 16;
constexpr size_t kInputBytes = 12 * 16 * 3;

std::vector<uint8_t> oracle_output(const std::vector<uint8_t>& model,
                                   const std::vector<uint8_t>& input) {
  const Graph graph = import_tflite(model, "model.tflite");
  return model_output(graph, run_oracle(graph, input));
}

class Cli : public testing::Test {
 protected:
  Cli() {
    shop_.write("model.tflite", model_);
    shop_.write("x.in.bin", input_);
  }
  // One clear line, and at most one more that says what would help.
  void expect_error(const Told& told, int code, const std::string& text) {
    EXPECT_EQ(told.code, code) << told.err;
    EXPECT_NE(told.err.find(text), std::string::npos)
        << "'" << text << "' is not in:\n"
        << told.err;
    EXPECT_EQ(told.out, "");
    const std::vector<std::string> lines = lines_of(told.err);
    ASSERT_FALSE(lines.empty());
    EXPECT_EQ(lines[0].rfind("shoal: ", 0), 0u) << lines[0];
    EXPECT_LE(lines.size(), 2u) << told.err;
    if (lines.size() == 2) {
      EXPECT_EQ(lines[1].rfind("  ", 0), 0u) << lines[1];
    }
  }
  json json_of(const Told& told, int code = 0) {
    EXPECT_EQ(told.code, code) << told.err;
    EXPECT_TRUE(json::accept(told.out)) << told.out;
    return json::parse(told.out, nullptr, false);
  }

  const std::vector<uint8_t> model_ = classifier();
  const std::vector<uint8_t> input_ = noise<uint8_t>(kInputBytes, 9);
  Workshop shop_;
};

TEST_F(Cli, HelpOfEveryVerbHasAnExample) {
  for (const std::string verb :
       {"inspect", "plan", "run", "verify", "simulate", "build", "emulate",
        "export", "bench-node", "worker", "deploy", "keygen", "study", "ops",
        "boards", "doctor", "formats", "evaluate", "quantize"}) {
    const Told told = shop_.shoal({verb, "--help"});
    EXPECT_EQ(told.code, 0) << verb;
    EXPECT_NE(told.out.find("Example:\n  shoal " + verb), std::string::npos)
        << told.out;
    EXPECT_NE(shop_.shoal({"--help"}).out.find(verb), std::string::npos);
  }
}

TEST_F(Cli, JsonOfRun) {
  const json j = json_of(
      shop_.shoal({"run", "model.tflite", "x.in.bin", "--json", "--top", "3"}));
  ASSERT_EQ(j["top"].size(), 3u);
  for (const json& c : j["top"]) {
    EXPECT_TRUE(c["index"].is_number_integer());
    EXPECT_TRUE(c["label"].is_string());
    EXPECT_TRUE(c["score"].is_number());
  }
  EXPECT_GE(j["top"][0]["score"], j["top"][1]["score"]);
  EXPECT_EQ(j["output_sha256"], sha256_hex(oracle_output(model_, input_)));
  ASSERT_EQ(j["arena_bytes"].size(), 1u);
  EXPECT_GT(j["arena_bytes"][0], 0);
  EXPECT_TRUE(j["latency_s"].is_number_float());
  EXPECT_EQ(j["latency_kind"], "measured");
  EXPECT_EQ(j["frames"], 1);
}

TEST_F(Cli, JsonOfPlan) {
  const Told told =
      shop_.shoal({"plan", "model.tflite", "--board", "stm32f746", "--json"});
  const json j = json_of(told);
  EXPECT_EQ(j["strategy"], "single");
  const int64_t macs = 8 * 27 * 8 * 12 + 8 * 9 * 8 * 12 + 80;
  EXPECT_EQ(j["model_macs"], macs);
  EXPECT_GE(j["macs"], macs);
  EXPECT_EQ(j["traffic_bytes"], 0);
  EXPECT_TRUE(j["latency_s"].is_number_float());
  EXPECT_GT(j["latency_s"], 0);
  EXPECT_EQ(j["latency_kind"], "modelled");
  ASSERT_EQ(j["nodes"].size(), 1u);
  const json& node = j["nodes"][0];
  EXPECT_TRUE(node["name"].is_string());
  EXPECT_EQ(node["board"], "stm32f746");
  for (const char* key : {"arena_bytes", "fixed_bytes", "program_bytes", "macs",
                          "weight_read_bytes", "sent_bytes", "received_bytes",
                          "storage_read_bytes", "storage_written_bytes"}) {
    EXPECT_TRUE(node[key].is_number_integer()) << key;
  }
  EXPECT_GT(node["program_bytes"], 0);
  EXPECT_GT(node["weight_read_bytes"], 0);
  ASSERT_FALSE(node["stages"].empty());
  for (const json& stage : node["stages"]) {
    EXPECT_TRUE(stage["layers"].is_array());
    EXPECT_TRUE(stage["arena_bytes"].is_number_integer());
    EXPECT_TRUE(stage["bound"].is_string());
  }
}

TEST_F(Cli, JsonOfTheOthers) {
  json j = json_of(shop_.shoal({"inspect", "model.tflite", "--json"}));
  EXPECT_EQ(j["ops"].size(), 6u);
  EXPECT_EQ(j["ops"][0]["opcode"], "CONV_2D");
  j = json_of(shop_.shoal({"verify", "model.tflite", "x.in.bin", "--json"}));
  EXPECT_EQ(j["equal"], true);
  EXPECT_EQ(j["results"][0]["layers"], 6);
  j = json_of(shop_.shoal({"ops", "--json"}));
  EXPECT_EQ(j["operators"].size(), size_t(OpKind::kSoftmax));  // no TABLE
  j = json_of(shop_.shoal({"boards", "--json"}));
  EXPECT_EQ(j["boards"].size(), 19u);
  std::map<std::string, std::string> here;
  for (const json& b : j["boards"]) here[b["id"]] = b["here"];
  EXPECT_EQ(here["host"], "run");
  EXPECT_EQ(here["teensy41"], "plan");
  EXPECT_EQ(here["mps2-an386"], "emulate");
  EXPECT_EQ(here["qemu-rv32"], "emulate one");  // --nodes is refused
  const std::string table = shop_.shoal({"boards"}).out;
  for (const json& b : j["boards"]) {
    const std::string core = b["core"];
    EXPECT_NE(table.find(" " + core + " "), std::string::npos) << core;
  }
  j = json_of(shop_.shoal({"doctor", "--json"}));
  EXPECT_TRUE(j["kernels"].is_string());
}

TEST_F(Cli, TablesForPeople) {
  Told told = shop_.shoal({"inspect", "model.tflite"});
  EXPECT_EQ(told.code, 0);
  EXPECT_NE(told.out.find("UINT8 1x16x12x3"), std::string::npos) << told.out;
  told = shop_.shoal({"plan", "model.tflite", "--ram", "64K"});
  EXPECT_EQ(told.code, 0);
  EXPECT_NE(told.out.find("65,536 B"), std::string::npos) << told.out;
  told = shop_.shoal({"verify", "model.tflite", "x.in.bin"});
  EXPECT_NE(told.out.find("plan and oracle are equal byte for byte"),
            std::string::npos)
      << told.out;
  for (const char* verb : {"ops", "boards", "doctor"}) {
    EXPECT_GT(lines_of(shop_.shoal({verb}).out).size(), 5u) << verb;
  }
}

TEST_F(Cli, FormatsOfFiles) {
  const json j = json_of(shop_.shoal({"formats", "--json"}));
  ASSERT_GE(j["formats"].size(), 5u);
  for (const std::string name : j["formats"]) {
    const Told told = shop_.shoal({"formats", name});
    EXPECT_EQ(told.code, 0);
    EXPECT_EQ(told.out.find("## " + name + "\n"), 0u) << told.out;
    EXPECT_EQ(told.out.find("\n## "), std::string::npos) << name;
  }
  const Told cluster = shop_.shoal({"formats", "cluster.toml"});
  EXPECT_NE(cluster.out.find("public_key"), std::string::npos);
  const Told unknown = shop_.shoal({"formats", "plan.toml"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_NE(unknown.err.find("cuts.toml"), std::string::npos) << unknown.err;
}

TEST_F(Cli, RunWritesTheOraclesOutput) {
  for (const std::string objective : {"latency", "ram"}) {
    const Told told =
        shop_.shoal({"run", "model.tflite", "x.in.bin", "--objective",
                     objective, "--output", "out.bin", "--frames", "3"});
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(shop_.read("out.bin"), oracle_output(model_, input_));
  }
}

TEST_F(Cli, LabelsNameTheClasses) {
  std::string text;
  for (int i = 0; i < 10; ++i) text += "class" + std::to_string(i) + "\r\n";
  shop_.write("labels.txt", {text.begin(), text.end()});
  const json j = json_of(shop_.shoal(
      {"run", "model.tflite", "x.in.bin", "--json", "--labels", "labels.txt"}));
  EXPECT_EQ(j["top"].size(), 5u);
  for (const json& c : j["top"]) {
    EXPECT_EQ(c["label"], "class" + std::to_string(c["index"].get<int>()));
  }
  const std::vector<uint8_t> out = oracle_output(model_, input_);
  const auto best = std::max_element(out.begin(), out.end()) - out.begin();
  EXPECT_EQ(j["top"][0]["index"], best);
  const Told told = shop_.shoal({"run", "model.tflite", "x.in.bin", "--labels",
                                 "labels.txt", "--top", "1"});
  EXPECT_NE(told.out.find("class" + std::to_string(best)), std::string::npos);
  EXPECT_EQ(
      told.out.find("class" + std::to_string(j["top"][1]["index"].get<int>())),
      std::string::npos);
}

TEST_F(Cli, TraceHasEveryOperatorUnderEveryPlan) {
  std::string first;
  for (const std::string objective : {"latency", "ram"}) {
    const Told told =
        shop_.shoal({"run", "model.tflite", "x.in.bin", "--objective",
                     objective, "--trace", "t.tsv", "--frames", "2"});
    EXPECT_EQ(told.code, 0) << told.err;
    const std::string text = shop_.read_text("t.tsv");
    if (first.empty()) first = text;
    EXPECT_EQ(text, first);
  }
  const Graph graph = import_tflite(model_, "model.tflite");
  const Values values = run_oracle(graph, input_);
  const Trace wanted = make_trace(graph, [&](int t) {
    return file_bytes(graph, t, values[static_cast<size_t>(t)]);
  });
  EXPECT_EQ(parse_trace(first), wanted);
  EXPECT_EQ(wanted.size(), 7u);
}

class CliGolden : public Cli {
 protected:
  // A golden folder of the tool's own making.
  CliGolden() {
    const Told told =
        shop_.shoal({"run", "model.tflite", "x.in.bin", "--output", "x.out.bin",
                     "--trace", "x.layers.tsv"});
    EXPECT_EQ(told.code, 0) << told.err;
  }
  Told verify() {
    return shop_.shoal({"verify", "model.tflite", "x.in.bin", "--golden", "."});
  }
  void alter_line(size_t line, size_t column, const std::string& value) {
    std::vector<std::string> lines = lines_of(shop_.read_text("x.layers.tsv"));
    std::string& text = lines.at(line);
    size_t at = 0;
    for (; column > 0; --column) at = text.find('\t', at) + 1;
    text.replace(at, text.find('\t', at) - at, value);
    std::string all;
    for (const std::string& l : lines) all += l + "\n";
    shop_.write("x.layers.tsv", {all.begin(), all.end()});
  }
};

TEST_F(CliGolden, AgreesWithItself) {
  const Told told = verify();
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_NE(told.out.find("6 layers, plan, oracle and golden are equal"),
            std::string::npos)
      << told.out;
}

TEST_F(CliGolden, TheFirstLayerThatDiffersIsNamed) {
  alter_line(3, 9, "00000000");  // crc32 of "deep"
  alter_line(5, 9, "00000000");
  const Told told = verify();
  EXPECT_EQ(told.code, 5);
  EXPECT_NE(told.out.find("001 DEPTHWISE_CONV_2D"), std::string::npos)
      << told.out;
  EXPECT_NE(told.out.find("(deep)"), std::string::npos) << told.out;
  EXPECT_NE(told.out.find("00000000"), std::string::npos) << told.out;
  const json j = json_of(shop_.shoal({"verify", "model.tflite", "x.in.bin",
                                      "--golden", ".", "--json"}),
                         5);
  EXPECT_EQ(j["equal"], false);
  EXPECT_NE(j["results"][0]["layer"].get<std::string>().find("deep"),
            std::string::npos);
}

TEST_F(CliGolden, EveryColumnThatMustMatchIsCompared) {
  const std::string good = shop_.read_text("x.layers.tsv");
  const std::pair<size_t, const char*> columns[] = {
      {0, "004"},   {1, "RELU"}, {2, "77"},      {4, "INT8"},
      {5, "1x1x1"}, {8, "12"},   {9, "01234567"}};
  for (const auto& [column, value] : columns) {
    shop_.write("x.layers.tsv", {good.begin(), good.end()});
    alter_line(2, column, value);
    const Told told = verify();
    EXPECT_EQ(told.code, 5) << "column " << column << told.out << told.err;
  }
}

TEST_F(CliGolden, AnAlteredOutputDiffers) {
  std::vector<uint8_t> out = shop_.read("x.out.bin");
  out[4] ^= 1;
  shop_.write("x.out.bin", out);
  const Told told = verify();
  EXPECT_EQ(told.code, 5);
  EXPECT_NE(told.out.find("byte 4"), std::string::npos) << told.out;
}

TEST_F(CliGolden, ACaseThatIsMissing) {
  shop_.write("y.in.bin", input_);
  expect_error(
      shop_.shoal({"verify", "model.tflite", "y.in.bin", "--golden", "."}), 2,
      "no golden case 'y'");
}

TEST_F(Cli, PicturesOfEveryFormat) {
  const std::vector<uint8_t> pixels = noise<uint8_t>(kInputBytes, 5);
  shop_.write("p.bmp", make_bmp(kWidth, kHeight, pixels));
  shop_.write("p.png", make_png(kWidth, kHeight, pixels));
  for (const std::string name : {"p.bmp", "p.png"}) {
    const Told told =
        shop_.shoal({"run", "model.tflite", name, "--output", "out.bin"});
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(shop_.read("out.bin"), oracle_output(model_, pixels)) << name;
  }
  // JPEG keeps an even grey exactly.
  const std::vector<uint8_t> grey(kInputBytes, 128);
  shop_.write("p.jpg", make_jpeg(kWidth, kHeight, grey));
  EXPECT_EQ(
      shop_.shoal({"run", "model.tflite", "p.jpg", "--output", "out.bin"}).code,
      0);
  EXPECT_EQ(shop_.read("out.bin"), oracle_output(model_, grey));
  // The picture has another size: an even picture stays even.
  shop_.write("big.png", make_png(50, 31, std::vector<uint8_t>(4650, 128)));
  EXPECT_EQ(
      shop_.shoal({"run", "model.tflite", "big.png", "--output", "out.bin"})
          .code,
      0);
  EXPECT_EQ(shop_.read("out.bin"), oracle_output(model_, grey));
}

TEST_F(Cli, MeanAndDeviation) {
  const std::vector<uint8_t> pixels = noise<uint8_t>(kInputBytes, 6);
  shop_.write("p.png", make_png(kWidth, kHeight, pixels));
  std::vector<uint8_t> wanted;
  const float mean[] = {100, 110, 120}, deviation[] = {50, 60, 70};
  for (size_t i = 0; i < pixels.size(); ++i) {
    const float real =
        (static_cast<float>(pixels[i]) - mean[i % 3]) / deviation[i % 3];
    const int q = static_cast<int>(std::round(real * 128));
    wanted.push_back(static_cast<uint8_t>(std::clamp(q, -128, 127) + 128));
  }
  const Told told =
      shop_.shoal({"run", "model.tflite", "p.png", "--mean", "100,110,120",
                   "--std", "50,60,70", "--output", "out.bin"});
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(shop_.read("out.bin"), oracle_output(model_, wanted));
}

TEST_F(Cli, UsageErrors) {
  const auto run = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"run", "model.tflite", "x.in.bin"});
    return shop_.shoal(more);
  };
  expect_error(shop_.shoal({}), 2, "a verb is missing");
  expect_error(shop_.shoal({"plna", "x"}), 2, "you mean `shoal plan`?");
  expect_error(shop_.shoal({"run"}), 2, "MODEL is required");
  expect_error(run({"--zzzz"}), 2, "--zzzz\n  see `shoal run --help-all`");
  expect_error(shop_.shoal({"inspect", "none.tflite"}), 2,
               "none.tflite: no such file");
  expect_error(shop_.shoal({"run", "model.tflite", "none.bmp"}), 2,
               "none.bmp: no such file");
  expect_error(shop_.shoal({"plan", "."}), 2, "is a folder");
  expect_error(run({"--labels", "none.txt"}), 2, "none.txt: no such file");
  expect_error(run({"--board", "abacus"}), 2, "unknown board 'abacus'");
  expect_error(run({"--strategy", "magic"}), 2, "--strategy");
  expect_error(run({"--objective", "luck"}), 2, "'luck' is unknown");
  expect_error(run({"--ram", "12Q"}), 2, "'12Q' is not a size");
  expect_error(run({"--ram", "-5"}), 2, "'-5' is not a size");
  expect_error(run({"--ram", ""}), 2, "'' is not a size");
  expect_error(run({"--top", "0"}), 2, "--top");
  expect_error(run({"--std", "0"}), 2, "--std: 0.000000 is not a deviation");
  expect_error(run({"--mean", "0.485", "--std", "0.229"}), 2,
               "give a number from 1; those for values of 0 to 1 times 255");
  expect_error(run({"--mean", "nan"}), 2, "--mean: nan is not a number");
  expect_error(run({"--frames", "many"}), 2, "--frames");
  for (const size_t bytes : {size_t{0}, kInputBytes - 1, kInputBytes + 1}) {
    shop_.write("wrong.bin", noise<uint8_t>(bytes, 1));
    expect_error(shop_.shoal({"run", "model.tflite", "wrong.bin"}), 2,
                 "wrong.bin: " + std::to_string(bytes) + " bytes, the model's");
  }
}

TEST_F(Cli, AUnknownBoardsErrorListsAll) {
  const Told told = shop_.shoal({"plan", "model.tflite", "--board", "abacus"});
  EXPECT_NE(told.err.find("teensy41"), std::string::npos);
  EXPECT_NE(told.err.find("mps3-an547"), std::string::npos);
}

TEST_F(Cli, DoesNotFitNamesTheSmallestBudget) {
  const Told told =
      shop_.shoal({"run", "model.tflite", "x.in.bin", "--ram", "100"});
  expect_error(told, 3, "does not fit: layer ");
  EXPECT_NE(told.err.find("budget 100 B"), std::string::npos) << told.err;
  const std::string fix = lines_of(told.err).at(1);
  const std::string budget = fix.substr(fix.rfind(' ') + 1);
  const Told fits = shop_.shoal(
      {"run", "model.tflite", "x.in.bin", "--ram", budget, "--json"});
  EXPECT_EQ(json_of(fits)["arena_bytes"][0], std::stoi(budget));
  const std::string less = std::to_string(std::stoi(budget) - 1);
  EXPECT_EQ(
      shop_.shoal({"run", "model.tflite", "x.in.bin", "--ram", less}).code, 3);
}

TEST_F(Cli, UnsupportedOperatorsAreListedAtOnce) {
  ModelBuilder b;
  int x = b.input({1, 4, 4, 2}, {0.1f, 0});
  x = b.unary(OpKind::kRelu, x, {0.1f, 0});
  x = b.unary(OpKind::kRelu, x, {0.1f, 0});
  b.output(b.unary(OpKind::kRelu, x, {0.1f, 0}));
  b.raw().ops[0].code = 69;  // TILE
  b.raw().ops[2].code = 999;
  shop_.write("odd.tflite", b.finish());
  for (const std::string verb : {"inspect", "plan"}) {
    const Told told = shop_.shoal({verb, "odd.tflite"});
    EXPECT_EQ(told.code, 4);
    EXPECT_NE(told.err.find("TILE"), std::string::npos) << told.err;
    EXPECT_NE(told.err.find("999"), std::string::npos) << told.err;
    EXPECT_EQ(told.out, "");
  }
}

TEST_F(Cli, FloatModelsAreInspected) {
  shop_.write("real.tflite", classifier(Type::kFloat32));
  const json real = json_of(shop_.shoal({"inspect", "real.tflite", "--json"}));
  const json int8 = json_of(shop_.shoal({"inspect", "model.tflite", "--json"}));
  EXPECT_EQ(real["float"], true);
  EXPECT_EQ(int8["float"], false);
  EXPECT_EQ(real["macs"], int8["macs"]);
  EXPECT_EQ(real["int8_weight_bytes"], int8["weight_bytes"]);
  EXPECT_EQ(real["int8_largest_layer_bytes"], int8["largest_layer_bytes"]);
  EXPECT_EQ(real["weight_bytes"], 4 * (216 + 8 + 72 + 8 + 80));
  Told told = shop_.shoal({"inspect", "real.tflite"});
  EXPECT_EQ(told.code, 0);
  EXPECT_NE(told.out.find("6 operators in float32; shoal quantize makes"),
            std::string::npos)
      << told.out;
  EXPECT_NE(told.out.find("input     FLOAT32 1x16x12x3"), std::string::npos)
      << told.out;
}

TEST_F(Cli, OnnxModelsAreInspected) {
  const std::string file =
      SHOAL_SOURCE_DIR "/host/model/onnx/testdata/mobilenet_v2.onnx";
  const json j = json_of(shop_.shoal({"inspect", file, "--json"}));
  EXPECT_EQ(j["format"], "onnx");
  EXPECT_EQ(j["inputs"][0]["shape"], json({1, 32, 32, 3}));
  const Told told = shop_.shoal({"inspect", file});
  EXPECT_NE(told.out.find("shapes of four axes are NHWC"), std::string::npos)
      << told.out;
  shop_.write("x.onnx", noise<uint8_t>(500, 3));
  expect_error(shop_.shoal({"inspect", "x.onnx"}), 7, "x.onnx");
}

// Whatever needs a plan says which command makes the model that has one.
TEST_F(Cli, FloatModelsAreNotPlanned) {
  shop_.write("real.tflite", classifier(Type::kFloat32));
  const std::vector<std::vector<std::string>> commands = {
      {"plan", "real.tflite"},
      {"plan", "real.tflite", "--nodes", "2"},
      {"verify", "real.tflite", "x.in.bin"},
      {"simulate", "real.tflite"},
      {"study", "split", "real.tflite", "-o", "."}};
  for (const auto& command : commands) {
    const Told told = shop_.shoal(command);
    expect_error(told, 4, "real.tflite: computes in float32");
    EXPECT_NE(told.err.find("shoal quantize real.tflite --calibrate DIR"),
              std::string::npos)
        << told.err;
  }
}

TEST_F(Cli, CorruptFiles) {
  shop_.write("noise.tflite", noise<uint8_t>(500, 3));
  expect_error(shop_.shoal({"inspect", "noise.tflite"}), 7, "noise.tflite");
  shop_.write("empty.tflite", {});
  expect_error(shop_.shoal({"plan", "empty.tflite"}), 7, "empty.tflite");
  std::vector<uint8_t> cut = model_;
  cut.resize(cut.size() / 2);
  shop_.write("cut.tflite", cut);
  expect_error(shop_.shoal({"run", "cut.tflite", "x.in.bin"}), 7, "cut.tflite");
  shop_.write("noise.png", noise<uint8_t>(300, 4));
  expect_error(shop_.shoal({"run", "model.tflite", "noise.png"}), 7,
               "noise.png: not a picture");
  std::vector<uint8_t> png =
      make_png(kWidth, kHeight, noise<uint8_t>(kInputBytes, 5));
  png.resize(png.size() / 2);
  shop_.write("half.png", png);
  expect_error(shop_.shoal({"run", "model.tflite", "half.png"}), 7,
               "half.png: ");
}

TEST_F(Cli, OutputsThatCannotBeWritten) {
  for (const std::string flag : {"--output", "--trace"}) {
    const Told told =
        shop_.shoal({"run", "model.tflite", "x.in.bin", flag, "none/out.bin"});
    EXPECT_EQ(told.code, 1) << flag;
    EXPECT_NE(told.err.find("none/out.bin: cannot be written"),
              std::string::npos)
        << told.err;
  }
  expect_error(
      shop_.shoal({"run", "model.tflite", "x.in.bin", "--output", "/dev/full"}),
      1, "/dev/full: cannot be written");
  expect_error(shop_.shoal({"plan", "model.tflite", "-o", "."}), 2,
               "cannot be written: it is a folder");
  for (const char* verb : {"ops", "boards", "doctor"}) {
    const Told told = shop_.shoal({verb}, "/dev/full");
    EXPECT_EQ(told.code, 1) << verb;
    EXPECT_NE(told.err.find("stdout: cannot be written"), std::string::npos);
  }
}

TEST_F(Cli, TimeoutEndsARunThatIsTooLong) {
  const Told told = shop_.shoal({"--timeout", "1", "run", "model.tflite",
                                 "x.in.bin", "--frames", "100000000"});
  expect_error(told, 8, "ran past --timeout");
  // After the verb as well.
  EXPECT_EQ(shop_.shoal({"ops", "--timeout", "100"}).code, 0);
  // A node's is another one, and without a coordinator there is none.
  expect_error(
      shop_.shoal({"run", "model.tflite", "x.in.bin", "--node-timeout", "1"}),
      2, "--node-timeout: one node has no coordinator");
}

TEST_F(Cli, AModelOfInt8AndOneOfFloats) {
  shop_.write("int8.tflite", classifier(Type::kInt8));
  EXPECT_EQ(
      shop_.shoal({"run", "int8.tflite", "x.in.bin", "--output", "out.bin"})
          .code,
      0);
  EXPECT_EQ(shop_.read("out.bin"),
            oracle_output(classifier(Type::kInt8), input_));
  ModelBuilder b;
  const int in = b.float_input({1, 3, 2, 3});
  b.output(b.dequantize(
      b.unary(OpKind::kRelu, b.quantize(in, {0.5f, 3}), {0.5f, -128})));
  shop_.write("float.tflite", b.finish());
  const std::vector<uint8_t> pixels = noise<uint8_t>(18, 8);
  shop_.write("p.png", make_png(2, 3, pixels));
  EXPECT_EQ(
      shop_.shoal({"run", "float.tflite", "p.png", "--output", "out.bin"}).code,
      0);
  const std::vector<uint8_t> out = shop_.read("out.bin");
  ASSERT_EQ(out.size(), 72u);
  for (size_t i = 0; i < 18; ++i) {
    float value;
    std::memcpy(&value, &out[i * 4], 4);
    // The real value of p - 128; what is below zero is zero.
    EXPECT_EQ(value,
              std::max(0.f, 0.5f * static_cast<float>(pixels[i] - 128 - 3)));
  }
}

TEST_F(Cli, EveryBoardPlansASmallModel) {
  const json boards = json_of(shop_.shoal({"boards", "--json"}))["boards"];
  ASSERT_EQ(boards.size(), 19u);
  for (const json& board : boards) {
    const std::string id = board["id"];
    const Told told = shop_.shoal(
        {"verify", "model.tflite", "x.in.bin", "--board", id, "--json"});
    const json j = json_of(told);
    EXPECT_EQ(j["equal"], true) << id;
    if (!board["arena_limit_bytes"].is_null()) {
      EXPECT_LE(j["arena_bytes"][0], board["arena_limit_bytes"]) << id;
    }
  }
}

}  // namespace
}  // namespace shoal

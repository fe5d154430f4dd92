// `shoal quantize`: a float model in, an int8 one out that the other verbs
// take, the same report for people and as JSON, and errors that name things.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "host/base/floats.h"
#include "host/data/image/testing/pictures.h"
#include "host/model/export/export.h"
#include "host/model/import/import.h"
#include "host/model/onnx/testing/onnx_builder.h"
#include "host/oracle/int8/oracle.h"
#include "host/quantize/testing/float_net.h"
#include "tests/command.h"
#include "tests/expect_told.h"

namespace shoal {
namespace {

using nlohmann::json;

constexpr int kEdge = 16;

FloatNet small_net() {
  FloatNet net(1);
  constexpr auto k6 = Activation::kRelu6;
  int x = net.input({1, kEdge, kEdge, 3});
  x = net.conv(x, 8, {.kernel = 3, .stride = 2, .act = k6});
  x = net.depthwise(x, {.kernel = 3, .act = k6});
  x = net.conv(x, 8, {});
  net.output(net.softmax(net.dense(net.mean(x), 3)));
  return net;
}

// Without the line breaks that fit a terminal.
std::string joined(const std::string& text) {
  std::string all;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n';
    if (!space || all.empty() || all.back() != ' ') all += space ? ' ' : c;
  }
  return all;
}

// A picture of one strong colour with a gradient.
std::vector<uint8_t> picture(int colour, int number) {
  std::vector<uint8_t> rgb;
  for (int i = 0; i < kEdge * kEdge; ++i) {
    for (int c = 0; c < 3; ++c) {
      const int v = c == colour ? 200 + number * 7 : 30 + number * 11;
      rgb.push_back(static_cast<uint8_t>((v + i % kEdge) % 256));
    }
  }
  return make_bmp(kEdge, kEdge, rgb);
}

class CliQuantize : public testing::Test {
 protected:
  CliQuantize() {
    const Graph graph = small_net().graph();
    shop_.write("net.tflite", export_tflite(graph));
    const Calibration waves = wave_frames(graph, 4, 1);
    std::vector<uint8_t> all;
    for (int64_t i = 0; i < waves.count; ++i) {
      const std::vector<uint8_t> one = bytes_of(waves.frame(i));
      all.insert(all.end(), one.begin(), one.end());
    }
    shop_.write("frames.bin", all);
    for (int colour = 0; colour < 3; ++colour) {
      const char* const names[] = {"blue", "green", "red"};
      const std::string folder = "data/" + std::string(names[colour]);
      std::filesystem::create_directories(shop_.folder() / folder);
      for (int i = 0; i < 3; ++i) {
        shop_.write(folder + "/" + std::to_string(i) + ".bmp",
                    picture(2 - colour, i));
      }
    }
  }

  Told ok(const std::vector<std::string>& arguments) {
    return expect_ok(shop_, arguments);
  }
  void refused(const std::vector<std::string>& arguments, int code,
               const std::string& what) {
    expect_refused(shop_.shoal(arguments), code, what);
  }
  Graph imported(const std::string& file) {
    return import_tflite(shop_.read(file), file);
  }

  const Workshop shop_;
};

TEST_F(CliQuantize, OfRawFrames) {
  const Told told = ok({"quantize", "net.tflite", "--calibrate", "frames.bin"});
  EXPECT_NE(told.out.find("4 frames of frames.bin"), std::string::npos);
  EXPECT_NE(told.out.find("DEPTHWISE_CONV_2D"), std::string::npos);
  EXPECT_NE(told.out.find("wrote    net_int8.tflite"), std::string::npos);
  const Graph int8 = imported("net_int8.tflite");
  EXPECT_FALSE(is_float(int8));
  EXPECT_EQ(int8.ops.size(), small_net().graph().ops.size());

  std::vector<uint8_t> input(kEdge * kEdge * 3);
  for (size_t i = 0; i < input.size(); ++i) {
    input[i] = static_cast<uint8_t>(i * 37);
  }
  shop_.write("x.bin", input);
  ok({"run", "net_int8.tflite", "x.bin", "--ram", "16K", "--output", "y.bin"});
  EXPECT_EQ(shop_.read("y.bin"), model_output(int8, run_oracle(int8, input)));
}

TEST_F(CliQuantize, ABatchOfAnOnnxFileStaysOne) {
  OnnxBuilder b;
  b.input("x", {3, 2, 4, 4});
  b.floats("two", {}, {2.F});
  b.node("Mul", {"x", "two"}, "y");
  b.output("y");
  shop_.write("batch.onnx", b.finish());
  ok({"quantize", "batch.onnx", "--calibrate", "random:1"});
  ok({"verify", "batch_int8.tflite", "random:1"});
}

TEST_F(CliQuantize, PicturesKeepTheirPixels) {
  for (const bool normalized : {false, true}) {
    std::vector<std::string> arguments = {
        "quantize", "net.tflite", "--calibrate", "data",
        "--json",   "-o",         "p.tflite"};
    if (normalized) {
      for (const char* flag : {"--mean", "128", "--std", "128"}) {
        arguments.push_back(flag);
      }
    }
    const json report = json::parse(ok(arguments).out);
    EXPECT_EQ(report["frames"], 9);
    EXPECT_EQ(report["plain_pixels"], true);
    EXPECT_GE(report["output_snr_db"], 20);
    ASSERT_EQ(report["layers"].size(), 6u);
    EXPECT_EQ(report["layers"][5]["scale"], 1 / 256.0);
    EXPECT_EQ(report["accuracy"]["float"]["frames"], 9);
    EXPECT_EQ(report["accuracy"]["int8"]["frames"], 9);
    const Graph int8 = imported("p.tflite");
    const Tensor& x = int8.tensors[int8.inputs[0]];
    EXPECT_FLOAT_EQ(x.scale(), normalized ? 1 / 128.f : 1 / 255.f);
    EXPECT_EQ(x.zero(), normalized ? 0 : -128);
  }
}

TEST_F(CliQuantize, TheFileSaysWhatBecomesOfPixels) {
  const std::vector<std::string> flags = {"--mean", "100,120,140", "--std",
                                          "50,60,70"};
  std::vector<std::string> quantize = {"quantize", "net.tflite", "--calibrate",
                                       "data"};
  quantize.insert(quantize.end(), flags.begin(), flags.end());
  const Told told = ok(quantize);
  EXPECT_NE(told.out.find("the file has mean and std"), std::string::npos)
      << told.out;
  const Normalization wanted{{100, 120, 140}, {50, 60, 70}};
  EXPECT_EQ(imported("net_int8.tflite").pixels, wanted);
  EXPECT_NE(ok({"inspect", "net_int8.tflite"})
                .out.find("pixels    (p - (100, 120, 140)) / (50, 60, 70)"),
            std::string::npos);

  std::vector<std::string> run = {"run", "net_int8.tflite", "data/red/0.bmp",
                                  "--output", "own.bin"};
  ok(run);
  run.back() = "asked.bin";
  run.insert(run.end(), flags.begin(), flags.end());
  ok(run);
  EXPECT_EQ(shop_.read("own.bin"), shop_.read("asked.bin"));
  ok({"build", "net_int8.tflite", "--board", "stm32f746", "--flash", "0",
      "--storage", "sd-4bit", "--store", "st"});
  ok({"run", "--store", "st", "data/red/0.bmp", "--output", "stored.bin"});
  EXPECT_EQ(shop_.read("own.bin"), shop_.read("stored.bin"));
  run = {"run",    "net_int8.tflite", "data/red/0.bmp", "--output", "else.bin",
         "--mean", "127.5",           "--std",          "127.5"};
  ok(run);
  EXPECT_NE(shop_.read("own.bin"), shop_.read("else.bin"));
}

// small_net() with ((p / 255) * 2 - 1) in front.
TEST_F(CliQuantize, ItsOwnNormalizationGoesIntoTheTable) {
  FloatNet net(1);
  int x = net.input({1, kEdge, kEdge, 3});
  x = net.binary(OpKind::kMul, x, net.constant({}, {2}));
  x = net.binary(OpKind::kSub, x, net.constant({}, {1}));
  net.output(
      net.softmax(net.dense(net.mean(net.conv(x, 8, {.kernel = 3})), 3)));
  shop_.write("own.tflite", export_tflite(net.graph()));
  const Told told =
      ok({"quantize", "own.tflite", "--calibrate", "data", "--json"});
  EXPECT_NE(told.err.find("2 operators that normalize the input"),
            std::string::npos);
  EXPECT_EQ(json::parse(told.out)["plain_pixels"], true);
  const Graph int8 = imported("own_int8.tflite");
  EXPECT_EQ(int8.ops.size(), 4u);
  const Normalization wanted{{127.5F}, {127.5F}};
  EXPECT_EQ(int8.pixels, wanted);
  EXPECT_FLOAT_EQ(int8.tensors[int8.inputs[0]].scale(), 2 / 255.F);

  // Fed with what is normalized already it says so.
  const Told twice = ok({"quantize", "own.tflite", "--calibrate", "data",
                         "--mean", "0", "--std", "1"});
  EXPECT_NE(twice.err.find("normalizes its input itself"), std::string::npos)
      << twice.err;
}

// As `shoal evaluate` counts it, on other data than those of the calibration.
TEST_F(CliQuantize, AccuracyOnNamedData) {
  const std::string labels = "red\ngreen\nblue\n";
  shop_.write("labels.txt", {labels.begin(), labels.end()});
  std::vector<std::string> quantize = {
      "quantize",   "net.tflite", "--calibrate", "frames.bin",
      "--evaluate", "data",       "--labels",    "labels.txt",
      "-o",         "e.tflite",   "--json"};
  const json report = json::parse(ok(quantize).out);
  EXPECT_EQ(report["accuracy"]["data"], "data");
  for (const auto& [name, model] :
       {std::pair{"float", "net.tflite"}, {"int8", "e.tflite"}}) {
    const json said = json::parse(
        ok({"evaluate", model, "data", "--labels", "labels.txt", "--json"})
            .out);
    EXPECT_EQ(report["accuracy"][name]["frames"], 9);
    EXPECT_EQ(report["accuracy"][name]["top1"], said["top1"]) << name;
  }
  quantize.insert(quantize.end(), {"--evaluate-limit", "4"});
  const json part = json::parse(ok(quantize).out);
  EXPECT_EQ(part["accuracy"]["int8"]["frames"], 4);
  refused({"quantize", "net.tflite", "--calibrate", "frames.bin", "--evaluate",
           "data", "--label-offset", "1"},
          2, "output 3 of the model, which has 3 outputs");
  refused({"quantize", "net.tflite", "--calibrate", "frames.bin", "--evaluate",
           "data/red"},
          2, "has no label to compare");
}

// The same bytes on any number of cores, in any order of frames.
TEST_F(CliQuantize, IsTheSameAgain) {
  ok({"quantize", "net.tflite", "--calibrate", "data", "-o", "a.tflite"});
  ok({"quantize", "net.tflite", "--calibrate", "data", "-o", "b.tflite"});
  EXPECT_EQ(shop_.read("a.tflite"), shop_.read("b.tflite"));
}

TEST_F(CliQuantize, OptionsDoWhatTheySay) {
  const std::vector<std::string> all = {"quantize", "net.tflite", "--calibrate",
                                        "data"};
  ok(all);
  const std::vector<uint8_t> usual = shop_.read("net_int8.tflite");
  const std::vector<std::vector<std::string>> others = {
      {"--ranges", "minmax"},
      {"--ranges", "percentile", "--percentile", "90"},
      {"--no-bias-correction"},
      {"--frames", "3"}};
  for (const auto& more : others) {
    std::vector<std::string> arguments = all;
    arguments.insert(arguments.end(), more.begin(), more.end());
    ok(arguments);
    EXPECT_NE(shop_.read("net_int8.tflite"), usual) << more[0];
  }
  const auto equalized = [&](const char* value) {
    std::vector<std::string> arguments = all;
    for (const char* a : {"--json", "--equalize", value}) {
      arguments.push_back(a);
    }
    return json::parse(ok(arguments).out)["equalized"].get<bool>();
  };
  EXPECT_TRUE(equalized("on"));
  EXPECT_FALSE(equalized("off"));
}

// Boxes of some hundreds above scores up to 1, as detectors join them.
FloatNet unlike_net() {
  FloatNet net(2);
  const int x = net.input({1, kEdge, kEdge, 3});
  const int boxes =
      net.binary(OpKind::kMul, net.conv(x, 4, {}), net.constant({}, {600}));
  const int scores = net.unary(OpKind::kLogistic, net.conv(x, 3, {}));
  net.output(net.concatenation({boxes, scores}));
  return net;
}

TEST_F(CliQuantize, PartsOfUnlikeRangesBecomeOutputs) {
  shop_.write("two.tflite", export_tflite(unlike_net().graph()));
  const Told told =
      ok({"quantize", "two.tflite", "--calibrate", "frames.bin", "--json"});
  EXPECT_NE(told.err.find("becomes 2 outputs"), std::string::npos) << told.err;
  EXPECT_EQ(told.err.find("warning"), std::string::npos) << told.err;
  const json report = json::parse(told.out);
  EXPECT_EQ(report["notes"].size(), 1u);
  for (const json& j : report["judged"]) EXPECT_GT(j["snr_db"], 20) << j;
  const Graph int8 = imported("two_int8.tflite");
  ASSERT_EQ(int8.outputs.size(), 2u);
  EXPECT_EQ(int8.tensors[int8.outputs[1]].scale(), 1 / 256.F);
}

// The values of one output differ too much for one scale, and no join can be
// undone.
TEST_F(CliQuantize, EachOutputIsJudgedAloneAndMayBeRefused) {
  FloatNet net(3);
  const int x = net.input({1, kEdge, kEdge, 3});
  const std::vector<float> factors = {1000, 0.5F};
  net.output(
      net.binary(OpKind::kMul, net.conv(x, 2, {}), net.constant({2}, factors)));
  shop_.write("odd.tflite", export_tflite(net.graph()));
  std::vector<std::string> quantize = {"quantize", "odd.tflite", "--calibrate",
                                       "frames.bin"};
  const Told told = ok(quantize);
  EXPECT_NE(told.err.find(", 1 of axis 3: only "), std::string::npos)
      << told.err;
  EXPECT_NE(told.err.find("make them an output of their own"),
            std::string::npos);
  ASSERT_TRUE(std::filesystem::exists(shop_.folder() / "odd_int8.tflite"));
  std::filesystem::remove(shop_.folder() / "odd_int8.tflite");
  quantize.insert(quantize.end(), {"--min-snr", "10"});
  refused(quantize, 5, "is below --min-snr");
  EXPECT_FALSE(std::filesystem::exists(shop_.folder() / "odd_int8.tflite"));
  quantize = {"quantize", "net.tflite", "--calibrate",
              "data",     "--min-snr",  "5"};
  ok(quantize);
}

// Features of some hundreds beside features up to 1: the loss is at the input,
// and no change of the network helps.
TEST_F(CliQuantize, ValuesThatAreLostAtAnInputAreNamed) {
  FloatNet net(4);
  net.output(net.dense(net.input({1, 4}), 3));
  shop_.write("sensors.tflite", export_tflite(net.graph()));
  const auto write = [&](const char* file, const std::string& text) {
    shop_.write(file, std::vector<uint8_t>(text.begin(), text.end()));
  };
  write("alike.csv", "0.5,0.3,0.9,0.4\n0.1,1,0.2,0.7\n");
  write("unlike.csv", "500,0.3,90,0.4\n900,1,20,0.7\n");
  const auto told = [&](const std::string& table) {
    return ok({"quantize", "sensors.tflite", "--calibrate", table}).err;
  };
  EXPECT_EQ(told("alike.csv").find("warning"), std::string::npos);
  const std::string unlike = told("unlike.csv");
  EXPECT_NE(unlike.find(", 1, 3 of axis 1: only "), std::string::npos)
      << unlike;
  EXPECT_NE(unlike.find("make them an input of their own, scale the input's "
                        "parts alike, or try --activations int16"),
            std::string::npos)
      << unlike;
  refused({"quantize", "sensors.tflite", "--calibrate", "unlike.csv",
           "--min-snr", "20"},
          5, "is below --min-snr");
}

// The numbers of one vector have one scale, too.
TEST_F(CliQuantize, NumbersOfAVectorAreJudgedAlone) {
  const auto told = [&](const std::vector<float>& factors) {
    FloatNet net(5);
    net.output(net.binary(
        OpKind::kMul, net.dense(net.mean(net.input({1, kEdge, kEdge, 3})), 2),
        net.constant({2}, factors)));
    shop_.write("numbers.tflite", export_tflite(net.graph()));
    return ok({"quantize", "numbers.tflite", "--calibrate", "frames.bin"}).err;
  };
  EXPECT_EQ(told({1, 1}).find("warning"), std::string::npos);
  const std::string unlike = told({1000, 0.5F});
  EXPECT_NE(unlike.find(", 1 of axis 1: only "), std::string::npos) << unlike;
}

// A stride above the limit that has no divisor in common with the length, and
// more columns than a program has. Frames, which are many, are not looked at.
TEST_F(CliQuantize, WhatCannotRunIsRefusedBeforeTheFrames) {
  FloatNet strided(4), wide(5);
  strided.output(strided.conv(strided.input({1, 65539, 1, 1}), 2,
                              {.kernel = 1, .stride = 65537, .same = false}));
  wide.output(wide.unary(OpKind::kRelu, wide.input({1, 2, 2, 70001})));
  struct Case {
    std::vector<const char*> reasons;
    const Graph& graph;
  };
  const Case cases[] = {
      {{"a stride of 65537, the limit is 65535"}, strided.graph()},
      {{"the quantized model could not run", "70001 channels"}, wide.graph()}};
  for (const auto& [reasons, graph] : cases) {
    shop_.write("far.tflite", export_tflite(graph));
    const std::vector<std::string> words = {"quantize",    "far.tflite",
                                            "--calibrate", "random:1",
                                            "--frames",    "1000000"};
    for (const char* reason : reasons) refused(words, 4, reason);
    EXPECT_FALSE(std::filesystem::exists(shop_.folder() / "far_int8.tflite"));
  }
}

// The layers have the file's names, and what the hint says works.
TEST_F(CliQuantize, LayersWithoutAnInt16FormAreNamedWithTheWaysOut) {
  OnnxBuilder norm(17), first(17);
  norm.input("x", {1, 3, 6});
  norm.floats("w", {6, 6}, some_floats(36));
  norm.floats("one", {6}, Floats(6, 1.F));
  norm.node("MatMul", {"x", "w"}, "dense");
  norm.node("LayerNormalization", {"dense", "one"}, "norm");
  norm.node("MatMul", {"norm", "w"}, "other");
  norm.node("Erf", {"other"}, "erf");
  norm.output("erf");
  shop_.write("norm.onnx", norm.finish());
  first.input("x", {1, 3, 6});
  first.floats("one", {6}, Floats(6, 1.F));
  first.node("LayerNormalization", {"x", "one"}, "start");
  first.output("start");
  shop_.write("first.onnx", first.finish());
  const auto words = [](const char* model) {
    return std::vector<std::string>{"quantize",      model,      "--calibrate",
                                    "random:1",      "--frames", "2",
                                    "--activations", "int16"};
  };
  const Told told = shop_.shoal(words("norm.onnx"));
  EXPECT_EQ(told.code, 4) << told.err;
  for (const char* what :
       {"RSQRT 'norm' (1 / square root, as in LayerNormalization)", " 'erf'",
        "leave out --activations int16, or end the model before that: "
        "--outputs dense"}) {
    EXPECT_NE(joined(told.err).find(what), std::string::npos) << told.err;
  }
  std::vector<std::string> cut = words("norm.onnx");
  cut.insert(cut.end(), {"--outputs", "dense"});
  ok(cut);
  const Told alone = shop_.shoal(words("first.onnx"));
  EXPECT_EQ(alone.code, 4) << alone.err;
  const std::string line =
      "RSQRT 'start' (1 / square root, as in LayerNormalization)";
  const std::string text = joined(alone.err);
  ASSERT_NE(text.find(line), std::string::npos) << alone.err;
  EXPECT_EQ(text.find(line), text.rfind(line)) << alone.err;
  EXPECT_NE(text.find("leave out --activations int16"), std::string::npos);
  EXPECT_EQ(text.find("--outputs"), std::string::npos) << alone.err;
}

// A state that the file gives and takes stays in the int8 file: frames of one
// sequence differ, and nodes have what one node has.
TEST_F(CliQuantize, CarriedStatesStayInTheFile) {
  FloatNet net(5);
  const int x = net.input({1, 4}), h = net.input({1, 4});
  const int y = net.unary(OpKind::kTanh, net.binary(OpKind::kAdd, x, h));
  net.output(net.dense(y, 3));
  net.output(y);
  const Graph& g = net.graph();
  shop_.write("state.tflite", export_tflite(g));
  const auto name = [&](int t) { return g.tensors[size_t(t)].name; };
  const std::string pair = name(h) + "=" + name(y);
  const auto with = [](std::vector<std::string> more) {
    more.insert(more.begin(),
                {"quantize", "state.tflite", "--calibrate", "random:1"});
    return more;
  };
  ok(with({"--carry", pair}));
  const Graph made = imported("state_int8.tflite");
  EXPECT_EQ(made.variables.size(), 1U);
  EXPECT_EQ(made.inputs.size(), 1U);
  shop_.write("x.bin", std::vector<uint8_t>(8, 40));  // two frames alike
  for (const char* nodes : {"1", "2"}) {
    ok({"run", "state_int8.tflite", "x.bin", "--stream", "--nodes", nodes,
        "--output", std::string("y") + nodes});
  }
  const std::vector<uint8_t> one = shop_.read("y1");
  ASSERT_EQ(one.size(), 6U);
  EXPECT_EQ(shop_.read("y2"), one);
  EXPECT_FALSE(std::equal(one.begin(), one.begin() + 3, one.begin() + 3));
  refused(with({"--carry", name(h)}), 2,
          "--carry " + name(h) + " does not name an input and an output");
  refused(with({"--carry", "z=" + name(y)}), 2, "has no input 'z'");
  refused(with({"--carry", pair, "--stream"}), 2, "--stream: ");
  refused(with({"--carry", pair, "--evaluate", "data"}), 2,
          "--evaluate: with --carry each frame depends on the one before it");
}

TEST_F(CliQuantize, RandomInputsWarn) {
  const Told told = ok(
      {"quantize", "net.tflite", "--calibrate", "random:7", "--frames", "4"});
  EXPECT_NE(told.err.find("warning: random inputs"), std::string::npos);
}

TEST_F(CliQuantize, RefusesWithTheReason) {
  const auto with = [](const std::string& data,
                       const std::vector<std::string>& more = {}) {
    std::vector<std::string> a = {"quantize", "net.tflite", "--calibrate",
                                  data};
    a.insert(a.end(), more.begin(), more.end());
    return a;
  };
  refused({"quantize", "net.tflite"}, 2, "--calibrate is required");
  refused(with("nowhere"), 2, "nowhere: no such file or folder");
  std::filesystem::create_directories(shop_.folder() / "empty");
  refused(with("empty"), 2, "empty");
  shop_.write("short.bin", std::vector<uint8_t>(100));
  refused(with("short.bin"), 2, "short.bin: 100 bytes are not frames of 3,072");
  refused(with("frames.bin", {"--mean", "3"}), 2, "are for pictures");
  refused(with("data", {"--ranges", "best"}), 2, "--ranges: 'best' is unknown");
  refused(with("data", {"--percentile", "99"}), 2, "--ranges percentile");
  refused(with("data", {"--equalize", "maybe"}), 2,
          "--equalize: 'maybe' is unknown");
  std::vector<float> odd(kEdge * kEdge * 3, 0.f);
  odd[5] = NAN;
  shop_.write("odd.bin", bytes_of(odd));
  refused(with("odd.bin"), 7, "calibration frame 0");
  ok(with("data"));
  refused({"quantize", "net_int8.tflite", "--calibrate", "data"}, 2,
          "net_int8.tflite is not a float model");
  EXPECT_FALSE(
      std::filesystem::exists(shop_.folder() / "net_int8_int8.tflite"));
}

// A frame that takes far longer than a second: a terminal sees that something
// is under way, a log has nothing of it.
TEST_F(CliQuantize, ATerminalSeesThatALongFrameIsUnderWay) {
  FloatNet net(1);
  net.output(net.conv(net.input({1, 512, 512, 16}), 64, {.kernel = 7}));
  shop_.write("slow.tflite", export_tflite(net.graph()));
  const Told told = shop_.script(
      "script -qfec 'echo $$ >pid; exec $SHOAL quantize slow.tflite "
      "--calibrate random:1 --frames 1' seen </dev/null >out & main=$!\n"
      "until grep -q 'frames: 0:0. so far' seen; do\n"
      "  kill -0 $main || exit 99; sleep 0.02; done\n"
      "kill -TERM $(cat pid); wait $main");
  EXPECT_EQ(told.code, 128 + 15) << told.out << told.err;
  const Told log = ok({"quantize", "net.tflite", "--calibrate", "frames.bin"});
  EXPECT_EQ(log.err.find_first_of("\r\033"), std::string::npos) << log.err;
  EXPECT_EQ(log.err.find("so far"), std::string::npos) << log.err;
}

}  // namespace
}  // namespace shoal

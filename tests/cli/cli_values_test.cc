// Inputs that are no pictures: stacks of frames, tables and sound, as they go
// through run, evaluate and quantize, and what is said of broken ones.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "host/base/floats.h"
#include "host/base/text_bytes.h"
#include "host/data/array/npy.h"
#include "host/data/array/testing/archives.h"
#include "host/data/sound/testing/sounds.h"
#include "host/model/export/export.h"
#include "host/quantize/testing/float_net.h"
#include "tests/command.h"
#include "tests/expect_told.h"

namespace shoal {
namespace {

using nlohmann::json;
using Bytes = std::vector<uint8_t>;

constexpr int kSteps = 8, kAxes = 3;
constexpr int kValues = kSteps * kAxes;

float value(int frame, int i) {
  return static_cast<float>((frame * 5 + i * 7) % 16) / 8.f - 1.f;
}

// Rows are time steps or frames.
std::string table(int frames, bool steps) {
  std::string text;
  for (int f = 0; f < frames; ++f) {
    for (int i = 0; i < kValues; ++i) {
      const bool ends = (i + 1) % (steps ? kAxes : kValues) == 0;
      text += std::to_string(value(f, i)) + (ends ? "\n" : ",");
    }
  }
  return text;
}

Array array(int frames) {
  Array a{"f4", {frames, kSteps, kAxes}, {}};
  for (int f = 0; f < frames; ++f) {
    for (int i = 0; i < kValues; ++i) {
      const float v = value(f, i);
      const auto* const raw = reinterpret_cast<const uint8_t*>(&v);
      a.bytes.insert(a.bytes.end(), raw, raw + sizeof v);
    }
  }
  return a;
}

// A network of the values of an accelerometer, in float and in int8.
class CliValues : public testing::Test {
 protected:
  CliValues() {
    FloatNet net(1);
    int x = net.input({1, kSteps, kAxes, 1});
    x = net.conv(x, 4, {.kernel = 3, .stride = 2, .act = Activation::kRelu});
    net.output(net.dense(net.mean(x), 2));
    shop_.write("net.tflite", export_tflite(net.graph()));
    write("steps.csv", table(2, true));
    quantized_ = expect_ok(shop_, {"quantize", "net.tflite", "--calibrate",
                                   "steps.csv", "-o", "int8.tflite", "--json"});
  }

  void write(const std::string& name, const std::string& text) {
    const auto bytes = bytes_of(text);
    shop_.write(name, {bytes.begin(), bytes.end()});
  }
  Bytes outputs(std::vector<std::string> inputs) {
    inputs.insert(inputs.begin(), {"run", "int8.tflite"});
    inputs.insert(inputs.end(), {"--task", "raw", "-o", "out.bin"});
    expect_ok(shop_, inputs);
    return shop_.read("out.bin");
  }
  void refused(const std::vector<std::string>& arguments, int code,
               const std::string& what) {
    expect_refused(shop_.shoal(arguments), code, what);
  }
  static void expect_said(const Told& told, const std::string& what) {
    EXPECT_NE(told.err.find(what), std::string::npos)
        << "wanted: " << what << "\ntold: " << told.err;
  }

  const Workshop shop_;
  Told quantized_;
};

TEST_F(CliValues, EveryKindOfFileHasTheSameFrames) {
  expect_said(quantized_, "steps.csv: a row a time step (3 columns): 2 frames");
  EXPECT_EQ(json::parse(quantized_.out)["frames"], 2);
  write("rows.csv", table(2, false));
  shop_.write("stack.npy", format_npy(array(2)));
  shop_.write("stack.npz", make_zip({{"x.npy", format_npy(array(2))}}));
  const Bytes all = outputs({"stack.npy"});
  EXPECT_EQ(all.size(), 4u);
  for (const char* file : {"steps.csv", "rows.csv", "stack.npz"}) {
    EXPECT_EQ(outputs({file}), all) << file;
  }
  shop_.write("one.bin", array(1).bytes);
  EXPECT_EQ(outputs({"one.bin", "--bin", "float32"}),
            Bytes(all.begin(), all.begin() + 2));
  refused({"verify", "int8.tflite", "stack.npy"}, 2,
          "stack.npy: 2 frames, but one is needed");
}

TEST_F(CliValues, FloatsForAnInt8InputAreAskedAbout) {
  shop_.write("one.bin", array(1).bytes);
  const Told told = shop_.shoal({"run", "int8.tflite", "one.bin"});
  expect_refused(told, 2, "one.bin: 96 bytes, the model's input has 24");
  expect_said(told, "add --bin float32 if they are");
}

TEST_F(CliValues, LabelsInTheFileAreEvaluated) {
  std::string text = "label";
  for (int i = 0; i < kValues; ++i) text += ",v" + std::to_string(i);
  text += "\n";
  for (int f = 0; f < 4; ++f) {
    text += f % 2 == 0 ? "rest" : "walk";
    for (int i = 0; i < kValues; ++i) {
      text += "," + std::to_string(value(f, i));
    }
    text += "\n";
  }
  write("labelled.csv", text);
  const Told told =
      expect_ok(shop_, {"evaluate", "int8.tflite", "labelled.csv", "--json"});
  expect_said(told, "labelled.csv: a row a frame (24 columns): 4 frames");
  shop_.write("labelled.npz",
              make_zip({{"x.npy", format_npy(array(4))},
                        {"y.npy", format_npy({"u1", {4}, {0, 1, 0, 1}})}}));
  const Told other =
      expect_ok(shop_, {"evaluate", "int8.tflite", "labelled.npz", "--json"});
  const json a = json::parse(told.out), b = json::parse(other.out);
  EXPECT_EQ(a["frames"], 4);
  EXPECT_EQ(a["top1"], b["top1"]);
}

TEST_F(CliValues, SoundGoesIntoAWaveform) {
  FloatNet net(1);
  int x = net.input({1, 64, 1, 1});
  x = net.conv(x, 4, {.kernel = 1, .stride = 4, .act = Activation::kRelu});
  net.output(net.dense(net.mean(x), 2));
  shop_.write("sound.tflite", export_tflite(net.graph()));
  std::vector<int16_t> samples;
  for (int i = 0; i < 150; ++i) samples.push_back(static_cast<int16_t>(i * 99));
  shop_.write("a.wav", make_wav(samples));
  const Told told = expect_ok(shop_, {"run", "sound.tflite", "a.wav", "--task",
                                      "raw", "-o", "out.bin"});
  expect_said(told,
              "a.wav: 16,000 Hz, 16-bit, mono, 0.00937 s: 2 frames of 64");
  EXPECT_EQ(shop_.read("out.bin").size(), 16u);
  refused({"run", "int8.tflite", "a.wav"}, 2,
          "a.wav: sound of 1 channel, input 'input0' has 3");
}

TEST_F(CliValues, BrokenFilesAreExplained) {
  const auto is_refused = [&](const std::string& file, int code,
                              const std::string& what) {
    refused({"run", "int8.tflite", file}, code, file + ": " + what);
  };
  write("text.csv", "1,2,3\n1,abc,3\n");
  is_refused("text.csv", 7, "line 2, column 2: 'abc' is not a number");
  write("gap.csv", "x,y,z\n1,,3\n");
  is_refused("gap.csv", 7, "line 2, column 2 (y): no value");
  write("four.csv", "t,x,y,z\n1,2,3,4\n");
  is_refused("four.csv", 2, "4 columns (t, x, y, z), input 'input0'");
  Bytes wav = make_wav({1, 2, 3});
  wav[41] = 0x40;
  shop_.write("lies.wav", wav);
  is_refused("lies.wav", 7, "the WAV header says 16,390 bytes of samples");
  shop_.write("two.npz", make_zip({{"p.npy", format_npy(array(1))},
                                   {"q.npy", format_npy(array(1))}}));
  is_refused("two.npz", 2, "no array is named as input 'input0', there are p");
  Bytes cut = make_zip({{"p.npy", format_npy(array(1))}});
  cut.resize(cut.size() / 2);
  shop_.write("cut.npz", cut);
  is_refused("cut.npz", 7, "a broken .npz archive");
}

// A model of two inputs is calibrated with a file of each, and gives what one
// file of both gives.
TEST_F(CliValues, EachInputIsCalibratedWithItsOwnFile) {
  FloatNet net(5);
  const int a = net.input({1, 3}), b = net.input({1, 1});
  net.output(net.binary(OpKind::kAdd, net.dense(a, 4), net.dense(b, 4)));
  Graph graph = net.graph();
  graph.tensors[static_cast<size_t>(a)].name = "imu";
  graph.tensors[static_cast<size_t>(b)].name = "pressure";
  shop_.write("two.tflite", export_tflite(graph));
  const auto values = [](int frames, int count) {
    std::vector<float> all;
    for (int i = 0; i < frames * count; ++i) {
      all.push_back(std::sin(static_cast<float>(i * count)));
    }
    return Array{"f4", {frames, 1, count}, bytes_of(all)};
  };
  const Bytes imu = format_npy(values(6, 3)),
              pressure = format_npy(values(6, 1));
  shop_.write("imu.npy", imu);
  shop_.write("p.npy", pressure);
  shop_.write("p.bin", values(6, 1).bytes);
  shop_.write("short.npy", format_npy(values(5, 1)));
  shop_.write("both.npz",
              make_zip({{"imu.npy", imu}, {"pressure.npy", pressure}}));
  const auto words = [](const std::vector<std::string>& data) {
    std::vector<std::string> all{"quantize", "two.tflite", "-o", "q.tflite"};
    for (const std::string& one : data) {
      all.insert(all.end(), {"--calibrate", one});
    }
    return all;
  };
  expect_ok(shop_, words({"both.npz"}));
  const Bytes whole = shop_.read("q.tflite");
  std::filesystem::remove(shop_.folder() / "q.tflite");
  for (const char* file : {"pressure=p.npy", "pressure=p.bin"}) {
    const Told told = expect_ok(shop_, words({file, "imu=imu.npy"}));
    EXPECT_NE(told.out.find("6 frames of "), std::string::npos) << told.out;
    EXPECT_EQ(shop_.read("q.tflite"), whole) << file;
    std::filesystem::remove(shop_.folder() / "q.tflite");
  }
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"imu.npy"}, "--calibrate imu=FILE --calibrate pressure=FILE"},
      {{"imu.npy", "p.npy"}, "'imu.npy' without an input's name"},
      {{"imu=imu.npy"}, "add --calibrate pressure=FILE"},
      {{"imu=imu.npy", "pressur=p.npy"}, "the inputs are imu, pressure"},
      {{"imu=imu.npy", "imu=p.npy"}, "has a file already, imu.npy"},
      {{"imu=imu.npy", "pressure=none.npy"}, "none.npy: no such file"},
      {{"imu=imu.npy", "pressure=random:1"}, "for all inputs at once"},
      {{"imu=p.npy", "pressure=p.npy"}, "input 'imu' has"},
      {{"imu=imu.npy", "pressure=short.npy"},
       "imu=imu.npy has frames: 6, pressure=short.npy: 5"},
  };
  for (const auto& [data, what] : cases) refused(words(data), 2, what);
  EXPECT_FALSE(std::filesystem::exists(shop_.folder() / "q.tflite"));
}

}  // namespace
}  // namespace shoal

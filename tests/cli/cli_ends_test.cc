// --outputs, --inputs and --input-shape in every verb that reads a model.
#include <gtest/gtest.h>

#include "host/model/import/testing/model_builder.h"
#include "tests/command.h"

namespace shoal {
namespace {

// "body" (CONV_2D), then a custom "head".
std::vector<uint8_t> typed_model(Type type) {
  const bool floats = type == Type::kFloat32;
  ModelBuilder b(type);
  const int x = b.input({1, 24, 20, 3}, {0.05f, -3});
  const int w = b.weights({4, 3, 3, 3}, std::vector<int8_t>(4 * 27, 3),
                          {floats ? 0.1f : 0.004f}, 0);
  const int body = b.conv(x, w, b.bias({1, 2, 3, 4}), {0.05f, 2});
  const int head = b.unary(OpKind::kRelu, body, {0.05f, 2});
  b.raw().ops.back().code = 32;
  b.raw().ops.back().custom = "Decode";
  b.rename(x, "picture");
  b.rename(body, "body");
  b.rename(head, "head");
  b.output(head);
  return b.finish();
}

class CliEnds : public testing::Test {
 protected:
  CliEnds() {
    shop_.write("m.tflite", typed_model(Type::kInt8));
    shop_.write("f.tflite", typed_model(Type::kFloat32));
    shop_.write("x.bin", std::vector<uint8_t>(24 * 20 * 3, 7));
    std::vector<uint8_t> frames(2 * 24 * 20 * 3 * 4, 0);
    for (size_t i = 3; i < frames.size(); i += 4) frames[i] = 0x3F;  // 0.5
    shop_.write("f.bin", frames);
  }
  Workshop shop_;
};

TEST_F(CliEnds, EveryVerbThatReadsAModelTakesThem) {
  for (const std::vector<std::string>& verb :
       std::vector<std::vector<std::string>>{
           {"inspect", "m.tflite"},
           {"plan", "m.tflite"},
           {"plan", "m.tflite", "--nodes", "2"},
           {"run", "m.tflite", "x.bin"},
           {"verify", "m.tflite", "x.bin"},
           {"verify", "m.tflite", "x.bin", "--nodes", "2"},
           {"simulate", "m.tflite", "--nodes", "2", "--board", "teensy41"},
           {"build", "m.tflite", "--ram", "64K", "--flash", "0", "--store",
            "store"},
           {"quantize", "f.tflite", "--calibrate", "f.bin", "-o", "q.tflite"},
       }) {
    SCOPED_TRACE(verb[0]);
    const Told whole = shop_.shoal(verb);
    EXPECT_EQ(whole.code, 4) << whole.out << whole.err;
    EXPECT_NE(whole.err.find("--outputs body"), std::string::npos) << whole.err;
    std::vector<std::string> cut = verb;
    cut.insert(cut.end(), {"--outputs", "body"});
    const Told told = shop_.shoal(cut);
    EXPECT_EQ(told.code, 0) << told.out << told.err;
    cut.back() = "boby";
    const Told unknown = shop_.shoal(cut);
    EXPECT_EQ(unknown.code, 2) << unknown.err;
    EXPECT_NE(unknown.err.find("the nearest ones: body"), std::string::npos)
        << unknown.err;
  }
  // A built store runs as it was cut.
  EXPECT_EQ(shop_.shoal({"run", "--store", "store", "x.bin"}).code, 0);
  const Told built =
      shop_.shoal({"run", "--store", "store", "x.bin", "--outputs", "body"});
  EXPECT_EQ(built.code, 2) << built.err;
  const Told zoo = shop_.shoal({"inspect", "zoo:vgg16", "--outputs", "x"});
  EXPECT_EQ(zoo.code, 2) << zoo.err;
}

TEST_F(CliEnds, ItBeginsWhereItIsTold) {
  const Told told =
      shop_.shoal({"inspect", "m.tflite", "--inputs", "picture", "--outputs",
                   "#1", "--input-shape", "picture=1x24x20x3"});
  EXPECT_EQ(told.code, 2) << told.err;  // a constant
  const Told same =
      shop_.shoal({"inspect", "m.tflite", "--inputs", "picture", "--outputs",
                   "body", "--input-shape", "picture=1x24x20x3"});
  EXPECT_EQ(same.code, 0) << same.err;
  const Told other = shop_.shoal({"inspect", "m.tflite", "--outputs", "body",
                                  "--input-shape", "picture=1x9x9x3"});
  EXPECT_EQ(other.code, 0) << other.err;
  EXPECT_NE(other.out.find("1x9x9x3"), std::string::npos) << other.out;
  const Told channels = shop_.shoal({"inspect", "m.tflite", "--outputs", "body",
                                     "--input-shape", "picture=1x9x9x2"});
  EXPECT_EQ(channels.code, 4) << channels.err;
}

TEST_F(CliEnds, OutputsThatAreConstantsAreLeftOutWithAWord) {
  ModelBuilder b;
  const int x = b.input({1, 4, 4, 2}, {0.05f, -3});
  const int anchors = b.constant({1, 3}, {1, 2, 3}, {0.1f, 0});
  b.rename(anchors, "anchors");
  b.output(anchors);
  b.output(b.unary(OpKind::kRelu, x, {0.05f, -3}));
  shop_.write("a.tflite", b.finish());
  const Told t = shop_.shoal({"verify", "a.tflite", "random:1"});
  EXPECT_EQ(t.code, 0) << t.out << t.err;
  EXPECT_NE(t.err.find("\"anchors\" is a constant: left out"),
            std::string::npos)
      << t.err;
}

// As many readers as an output is listed: a program counts 255 of a tensor.
TEST_F(CliEnds, AnOutputMayBeListedManyTimes) {
  for (const int times : {1, 4, 64, 1000}) {
    ModelBuilder b;
    const int x = b.input({1, 24, 20, 3}, {0.05f, -3});
    const int w =
        b.weights({4, 3, 3, 3}, std::vector<int8_t>(4 * 27, 3), {0.004f}, 0);
    const int y = b.conv(x, w, b.bias({1, 2, 3, 4}), {0.05f, 2});
    b.rename(y, "body");
    for (int i = 0; i < times; ++i) b.output(y);
    shop_.write("many.tflite", b.finish());
    for (const char* nodes : {"1", "2"}) {
      const Told told =
          shop_.shoal({"verify", "many.tflite", "x.bin", "--nodes", nodes});
      if (times < 256) {
        EXPECT_EQ(told.code, 0) << times << " times: " << told.err;
        continue;
      }
      EXPECT_EQ(told.code, 4) << told.err;
      EXPECT_NE(told.err.find("tensor body: 100"), std::string::npos)
          << told.err;  // or 1001, with what the other node reads
      EXPECT_NE(told.err.find("list each output of the model once"),
                std::string::npos)
          << told.err;
    }
  }
}

}  // namespace
}  // namespace shoal

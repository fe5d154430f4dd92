// Memory that is short: every verb says how much it wanted and for what, and
// ends in exit code 1. The executable is the one that ships, with the
// allocator that it ships with.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "host/data/image/testing/pictures.h"
#include "host/model/import/testing/model_builder.h"
#include "tests/command.h"

namespace shoal {
namespace {

// A file of a kilobyte with tensors of gigabytes.
std::vector<uint8_t> wide_model(Type type, int side) {
  ModelBuilder b(type);
  const int x = type == Type::kFloat32 ? b.float_input({1, side, side, 1})
                                       : b.input({1, side, side, 1}, {});
  b.output(b.unary(OpKind::kRelu, x, {}));
  return b.finish();
}

// The same, with two classes at its end.
std::vector<uint8_t> wide_classifier(int side) {
  ModelBuilder b;
  const int x = b.input({1, side, side, 1}, {});
  b.output(b.reshape(b.slice(x, {0, 0, 0, 0}, {1, 1, 2, 1}), {1, 2}));
  return b.finish();
}

std::vector<uint8_t> deep_model(int layers) {
  constexpr int kChannels = 8;
  ModelBuilder b;
  int x = b.input({1, 64, 64, kChannels}, {0.05f, 0});
  for (int i = 0; i < layers; ++i) {
    const int w = b.weights({kChannels, 3, 3, kChannels},
                            std::vector<int8_t>(9 * kChannels * kChannels, 1),
                            {0.01f}, 0);
    x = b.conv(x, w, -1, {0.05f, 0});
  }
  b.output(x);
  return b.finish();
}

class CliMemory : public testing::Test {
 protected:
  // Runs within `kilobytes` kilobytes of address space.
  Told within(int kilobytes, const std::string& words) const {
    return shop_.script("ulimit -c 0; ulimit -v " + std::to_string(kilobytes) +
                        "; exec $SHOAL " + words);
  }
  void expect_short(int kilobytes, const std::string& words,
                    const std::string& purpose) const {
    const Told told = within(kilobytes, words);
    EXPECT_EQ(told.code, 1) << words << "\n" << told.out << told.err;
    EXPECT_TRUE(told.err.find("shoal: memory is short: ") != std::string::npos)
        << words << "\n"
        << told.err;
    EXPECT_TRUE(told.err.find(" wanted for " + purpose) != std::string::npos)
        << words << "\n"
        << told.err;
    EXPECT_TRUE(told.err.find("ulimit -v") != std::string::npos) << told.err;
  }
  Workshop shop_;
};

TEST_F(CliMemory, TensorsThatCannotBeHadAreRefused) {
  constexpr int kLimit = 4'000'000;
  constexpr int kSide = 46340;
  shop_.write("wide.tflite", wide_model(Type::kInt8, kSide));
  ASSERT_EQ(shop_.script("mkdir -p d/0 d/1").code, 0);
  for (const char* name : {"d/0/a.bmp", "d/1/a.bmp"}) {
    shop_.write(name, make_bmp(8, 8, std::vector<uint8_t>(8 * 8 * 3, 5)));
  }
  shop_.write("classes.tflite", wide_classifier(kSide));
  shop_.write("x.bmp", make_bmp(8, 8, std::vector<uint8_t>(8 * 8 * 3, 5)));
  for (const char* words :
       {"run wide.tflite random:1", "run wide.tflite random:1 --nodes 2",
        "simulate wide.tflite", "simulate wide.tflite --nodes 4",
        "emulate --board mps2-an386 wide.tflite random:1",
        "export wide.tflite random:1 --as c --board mps2-an386 -o p"}) {
    expect_short(kLimit, words, "a random input of wide.tflite");
  }
  expect_short(kLimit, "verify wide.tflite random:1",
               "the results of all layers of wide.tflite");
  for (const char* words :
       {"run wide.tflite x.bmp", "evaluate classes.tflite d"}) {
    expect_short(kLimit, words, "a picture of 46340 x 46340, the input of");
  }
  // These need no tensor.
  for (const char* words : {"inspect wide.tflite", "plan wide.tflite",
                            "build wide.tflite --no-encrypt --store s"}) {
    EXPECT_EQ(within(kLimit, words).code, 0) << words;
  }
  // In float32 there are a quarter as many values.
  shop_.write("real.tflite", wide_model(Type::kFloat32, kSide / 2));
  for (const char* words :
       {"run real.tflite random:1",
        "quantize real.tflite --calibrate random:1 --frames 1 -o q.tflite"}) {
    expect_short(2'000'000, words, "");
  }
}

TEST_F(CliMemory, APlanWithoutMemoryIsAnError) {
  shop_.write("deep.tflite", deep_model(400));
  expect_short(90'000, "plan deep.tflite --nodes 4",
               "the plan of deep.tflite (400 layers on 4 nodes)");
}

// Every verb, from where the program can barely be loaded to where there is
// enough: whatever fails first, it is told.
TEST_F(CliMemory, WhereverItEndsItIsNoSignal) {
  shop_.write("m.tflite", deep_model(3));
  constexpr int kLeast = 40'000, kMost = 88'000, kStep = 8'000;
  int short_of = 0, whole = 0;
  for (int limit = kLeast; limit <= kMost; limit += kStep) {
    for (const char* words :
         {"boards", "inspect m.tflite", "plan m.tflite --nodes 2",
          "run m.tflite random:1", "verify m.tflite random:1",
          "simulate m.tflite --nodes 2",
          "export m.tflite --as c --board mps2-an386 -o p --name p"}) {
      const Told told = within(limit, words);
      if (told.code == 0) {
        ++whole;
        continue;
      }
      EXPECT_EQ(told.code, 1) << limit << " " << words << "\n" << told.err;
      EXPECT_TRUE(told.err.starts_with("shoal: memory is short: "))
          << limit << " " << words << "\n"
          << told.err;
      ++short_of;
    }
  }
  EXPECT_GT(short_of, 0);
  EXPECT_GT(whole, 0);
}

}  // namespace
}  // namespace shoal

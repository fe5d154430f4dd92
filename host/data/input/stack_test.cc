#include "host/data/input/stack.h"

#include <gtest/gtest.h>

#include <cstring>

#include "host/base/error.h"
#include "host/base/text_bytes.h"
#include "host/data/array/testing/archives.h"
#include "host/data/sound/testing/sounds.h"

namespace shoal {
namespace {

using Bytes = std::vector<uint8_t>;

// A model of inputs "a", "b" ... of these shapes.
Graph model(Type type, const std::vector<Shape>& shapes) {
  Graph g;
  for (const Shape& shape : shapes) {
    Tensor t;
    t.name = std::string(1, static_cast<char>('a' + g.inputs.size()));
    t.type = t.file_type = type;
    t.shape = shape;
    if (type == Type::kInt8) t.quant = {{0.5f}, {0}, 0};
    g.inputs.push_back(static_cast<int>(g.tensors.size()));
    g.tensors.push_back(t);
  }
  return g;
}

Bytes reals(std::initializer_list<float> values) {
  Bytes bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.begin(), bytes.size());
  return bytes;
}

Stack stack_in(const Graph& g, const std::string& name, const Bytes& file) {
  return read_stack(g, name, file);
}
Stack table(const Graph& g, const std::string& text) {
  return read_stack(g, "t.csv", bytes_of(text));
}
Bytes frame(const Graph& g, const Stack& s, int64_t i) {
  return stack_input(g, s, i, "frame", {});
}

Bytes text_file(const std::string& text) { return {text.begin(), text.end()}; }

std::string stack_refusal(const Graph& g, const std::string& name,
                          const Bytes& file) {
  try {
    const Stack s = read_stack(g, name, file);
    stack_input(g, s, 0, name, {});
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUsage);
    return e.what();
  }
  return "accepted";
}

TEST(Stack, AnArrayHasOneFrameOrSeveral) {
  const Graph g = model(Type::kFloat32, {{1, 2, 2}});
  const Bytes all = reals({1, 2, 3, 4, 5, 6, 7, 8});
  for (const std::vector<int64_t>& shape :
       {std::vector<int64_t>{2, 2, 2}, {2, 1, 2, 2}, {2, 2, 2, 1}}) {
    const Stack s = stack_in(g, "a.npy", format_npy({"f4", shape, all}));
    EXPECT_EQ(s.count, 2);
    EXPECT_EQ(frame(g, s, 1), reals({5, 6, 7, 8}));
  }
  const Bytes one = reals({1, 2, 3, 4});
  for (const std::vector<int64_t>& shape :
       {std::vector<int64_t>{1, 2, 2}, {2, 2}, {1, 2, 2, 1}}) {
    const Stack s = stack_in(g, "a.npy", format_npy({"f4", shape, one}));
    EXPECT_EQ(s.count, 1);
    EXPECT_EQ(frame(g, s, 0), one);
  }
  EXPECT_EQ(stack_refusal(g, "a.npy", format_npy({"f4", {2, 3}, Bytes(24)})),
            "a.npy: 2x3 values of type f4, input 'a' has 1x2x2 of f4");
}

TEST(Stack, GreyPicturesNeedNoAxisOfColours) {
  const Graph g = model(Type::kInt8, {{1, 2, 2, 1}});
  const Array a{"u1", {3, 2, 2}, {0, 1, 2, 3, 128, 5, 6, 7, 8, 9, 10, 255}};
  const Stack s = stack_in(g, "a.npy", format_npy(a));
  EXPECT_EQ(s.count, 3);
  EXPECT_TRUE(s.pixels);
  EXPECT_EQ(frame(g, s, 1), (Bytes{0, 5 ^ 0x80, 6 ^ 0x80, 7 ^ 0x80}));
  EXPECT_EQ(stack_picture(s, 2).rgb[11], 255);
}

TEST(Stack, AnArchiveHasAnArrayForEachInput) {
  const Graph g = model(Type::kFloat32, {{1, 2}, {1, 1}});
  const auto archive = [](const std::vector<int64_t>& second) {
    return make_zip(
        {{"b.npy", format_npy({"f4", second,
                               Bytes(static_cast<size_t>(4 * second[0]))})},
         {"a.npy", format_npy({"f4", {2, 2}, reals({1, 2, 3, 4})})},
         {"y.npy", format_npy({"u1", {2}, {1, 0}})}});
  };
  const Stack s = stack_in(g, "a.npz", archive({2, 1}));
  EXPECT_EQ(s.count, 2);
  EXPECT_EQ(s.labels, (std::vector<int>{1, 0}));
  EXPECT_EQ(frame(g, s, 1), reals({3, 4, 0}));
  EXPECT_EQ(stack_refusal(g, "a.npz", archive({3, 1})),
            "a.npz: 2 frames of a, 3 of b");
  const Graph other = model(Type::kFloat32, {{1, 2}, {1, 1}, {1, 1}});
  EXPECT_EQ(stack_refusal(other, "a.npz", archive({2, 1})),
            "a.npz: no array is named as input 'c', there are b (2x1 f4), a "
            "(2x2 f4), y (2 u1)");
}

TEST(Stack, ColumnsSayWhetherARowIsAFrame) {
  const Graph g = model(Type::kFloat32, {{1, 2, 3}});
  const Stack steps = table(g, "1,2,3\n4,5,6\n7,8,9\n10,11,12\n13,14,15\n");
  EXPECT_EQ(steps.count, 2);
  EXPECT_EQ(frame(g, steps, 1), reals({7, 8, 9, 10, 11, 12}));
  EXPECT_EQ(steps.note,
            "t.csv: a row a channel or time step (3 columns): 2 frames of 2 "
            "rows, the last 1 row left out; rows of 6 columns would be frames");
  const Stack rows = table(g, "1,2,3,4,5,6\n7,8,9,10,11,12\n");
  EXPECT_EQ(rows.count, 2);
  EXPECT_EQ(frame(g, rows, 1), reals({7, 8, 9, 10, 11, 12}));
  EXPECT_EQ(rows.note,
            "t.csv: a row a frame (6 columns): 2 frames; rows of 3 columns "
            "would be time steps");
  EXPECT_EQ(stack_refusal(g, "t.csv", text_file("t,x,y,z\n1,2,3,4\n1,2,3,4\n")),
            "t.csv: 4 columns (t, x, y, z), input 'a' (1x2x3) takes 6, a row a "
            "frame, or 3 or 2, a row a time step");
  EXPECT_EQ(stack_refusal(g, "t.csv", text_file("1,2,3\n")),
            "t.csv: 1 row of 3 columns, a row a time step, and a frame has 2");
  // A row has all channels, and the input has them first.
  const Stack channels = table(g, "1,2\n3,4\n5,6\n7,8\n9,10\n11,12\n13,14\n");
  EXPECT_EQ(channels.count, 2);
  EXPECT_EQ(frame(g, channels, 1), reals({7, 9, 11, 8, 10, 12}));
  EXPECT_EQ(channels.note,
            "t.csv: a row a time step (2 columns, the input's channels): 2 "
            "frames of 3 rows, the last 1 row left out; rows of 6 columns "
            "would be frames");
  EXPECT_EQ(stack_refusal(g, "t.csv", text_file("1,2\n3,4\n")),
            "t.csv: 2 rows of 2 columns, a row a time step, and a frame has 3");
  // A signal of one axis: a value a row, or all of a frame.
  const Graph signal = model(Type::kFloat32, {{1, 3, 1}});
  EXPECT_EQ(table(signal, "1\n2\n3\n4\n5\n6\n").count, 2);
  EXPECT_EQ(table(signal, "1,2,3\n").count, 1);
}

TEST(Stack, RowsHaveLabels) {
  const Graph g = model(Type::kFloat32, {{1, 2}});
  const Stack named = table(g, "x,y,label\n1,2,walk\n3,4,run\n5,6,walk\n");
  EXPECT_EQ(named.classes, (std::vector<std::string>{"run", "walk"}));
  EXPECT_EQ(named.labels, (std::vector<int>{1, 0, 1}));
  const Stack numbered = table(g, "x,y,class\n1,2,7\n3,4,0\n");
  EXPECT_TRUE(numbered.classes.empty());
  EXPECT_EQ(numbered.labels, (std::vector<int>{7, 0}));
  const Graph steps = model(Type::kFloat32, {{1, 2, 2}});
  EXPECT_TRUE(table(steps, "x,y,label\n1,2,a\n3,4,b\n").labels.empty());
}

TEST(Stack, WholeNumbersGoIntoIntegerInputs) {
  const Graph g = model(Type::kInt32, {{1, 2}});
  EXPECT_EQ(frame(g, table(g, "1,-2\n"), 0),
            (Bytes{1, 0, 0, 0, 254, 255, 255, 255}));
  EXPECT_EQ(stack_refusal(g, "t.csv", text_file("1,2.5\n")),
            "t.csv: value 1 is not an integer that the input takes");
}

TEST(Stack, SoundIsCutIntoFrames) {
  const Graph g = model(Type::kFloat32, {{1, 2, 1}});
  const Stack s = stack_in(
      g, "a.wav", make_wav(std::vector<int16_t>{16384, 0, -16384, 16384, 1}));
  EXPECT_EQ(s.count, 2);
  EXPECT_EQ(frame(g, s, 1), reals({-0.5f, 0.5f}));
  EXPECT_EQ(s.note,
            "a.wav: 16,000 Hz, 16-bit, mono, 0.000313 s: 2 frames of 2 samples "
            "(0.000125 s), the last 1 of the file left out; samples are -1 to "
            "1, at the file's rate");
  const Stack mixed = stack_in(
      g, "A.WAV", make_wav(std::vector<int16_t>{16384, 0}, {.channels = 2}));
  EXPECT_EQ(frame(g, mixed, 0), reals({0.25f, 0}));
  EXPECT_NE(mixed.note.find("2 channels mixed down to one"), std::string::npos);
  EXPECT_NE(mixed.note.find("the last 1 silence"), std::string::npos);
  const Graph stereo = model(Type::kFloat32, {{1, 2, 2}});
  EXPECT_EQ(
      stack_refusal(stereo, "a.wav", make_wav(std::vector<int16_t>{1, 2})),
      "a.wav: sound of 1 channel, input 'a' has 2");
  EXPECT_EQ(
      stack_in(stereo, "a.wav",
               make_wav(std::vector<int16_t>{1, 2, 3, 4}, {.channels = 2}))
          .count,
      1);
}

TEST(Stack, SoundIsNoSpectrogram) {
  const Graph map = model(Type::kFloat32, {{1, 49, 40, 1}});
  EXPECT_EQ(stack_refusal(map, "a.wav", make_wav(std::vector<int16_t>{1, 2})),
            "a.wav: shoal computes no features of sound, and input 'a' "
            "(1x49x40x1) is not a waveform");
  // A flat input that the model gives rows and columns is a map, too.
  Graph flat = model(Type::kFloat32, {{1, 6}});
  flat.tensors.push_back(flat.tensors[0]);
  flat.tensors[1].shape = {1, 2, 3, 1};
  flat.ops.push_back({OpKind::kReshape, {0}, {1}, {}});
  EXPECT_NE(stack_refusal(flat, "a.wav", make_wav(std::vector<int16_t>{1, 2}))
                .find("not a waveform"),
            std::string::npos);
}

}  // namespace
}  // namespace shoal

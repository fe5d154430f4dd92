// Signals of more than 65,535 samples, of one channel and of several electrodes
// below each other, with strides, dilations and pools whose numbers need 16
// bits: exact on one node and on several, and refused where a number is too
// large.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/board/board.h"
#include "host/engine/common/prepare.h"
#include "host/model/import/import.h"
#include "tests/judged_stream.h"
#include "tests/signal_model.h"

namespace shoal {
namespace {

void expect_exact_signal(const Signal& signal) {
  SCOPED_TRACE(testing::Message()
               << signal.samples << " samples, stride " << signal.stride
               << ", dilation " << signal.dilation
               << (signal.rows ? ", rows" : ", columns"));
  expect_exact_plans(import_tflite(SignalModel(signal).file(), "signal"));
}

TEST(LongSignal, StridesPoolsAndDilations) {
  expect_exact_signal({.stride = 256, .taps = 5, .pool = 300});
  expect_exact_signal(
      {.rows = true, .stride = 257, .dilation = 256, .pool = 20});
  expect_exact_signal({.stride = 40, .dilation = 65535});
}

// Four electrodes, each a row of the file's picture.
class Electrodes {
 public:
  static constexpr int kRows = 4, kSteps = 66000;

  // A filter in time, one over all electrodes, and a head.
  std::vector<uint8_t> classifier() {
    int x = b_.input({1, kRows, kSteps, 1}, scale_);
    x = b_.conv(x, weights({2, 1, 8, 1}), -1, scale_);
    x = b_.depthwise(x, weights({1, kRows, 1, 2}), -1, scale_, {.same = false});
    x = b_.pool(OpKind::kAveragePool2d, x, 1, 8, {.stride_w = 8});
    x = b_.conv(x, weights({3, 1, 5, 2}), -1, scale_);
    x = b_.reduce(OpKind::kMean, x, {1, 2}, false, scale_);
    b_.output(b_.fully_connected(x, weights({4, 3}), -1, scale_));
    return b_.finish();
  }
  // Electrodes that are padded, cut, joined and multiplied by a gate; the
  // result is as long as the input.
  std::vector<uint8_t> filter() {
    const int x = b_.input({1, kRows, kSteps, 1}, scale_);
    int y = b_.conv(x, weights({2, 3, 3, 1}), -1, scale_);
    y = b_.pad(y, {0, 1, 2, 0}, {0, 0, 3, 0});
    y = b_.slice(y, {0, 0, 1, 0}, {1, kRows, kSteps, 2});
    const int gate =
        b_.logistic(b_.reduce(OpKind::kMean, y, {1, 2}, true, scale_));
    y = b_.mul(b_.concatenation({y, y}, 1), gate, scale_);
    y = b_.pool(OpKind::kMaxPool2d, y, 2, 3, {.stride_h = 2});
    b_.output(b_.add(b_.conv(y, weights({1, 1, 1, 2}), -1, scale_), x, scale_));
    return b_.finish();
  }

 private:
  int weights(const Shape& shape) {
    std::vector<int8_t> bytes(static_cast<size_t>(element_count(shape)));
    for (int8_t& v : bytes) v = static_cast<int8_t>(random_());
    return b_.weights(shape, bytes, {0.01f}, 0);
  }

  const BuilderScale scale_{0.05f, 3};
  ModelBuilder b_;
  std::mt19937 random_{50};
};

// Rows of one time step, and not of a whole recording, lie in the arena.
TEST(LongSignal, ElectrodesStreamAlongTime) {
  EXPECT_LT(expect_exact_plans(import_tflite(Electrodes().classifier(), "eeg")),
            1000);
}

TEST(LongSignal, ElectrodesKeepTheFilesAxes) {
  expect_exact_plans(import_tflite(Electrodes().filter(), "eeg"));
}

TEST(LongSignal, LimitsAreNamed) {
  // With a strategy it is planned on two nodes.
  const auto refused = [](const Signal& signal,
                          const std::string& strategy = "") -> std::string {
    const Cluster two = uniform_cluster(2, find_board("host"), {});
    try {
      prepare(import_tflite(SignalModel(signal).file(), "signal"),
              strategy.empty() ? one_node(find_board("host"))
                               : linked_nodes(two, strategy));
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kUnsupported);
      return e.what();
    }
    return "";
  };
  EXPECT_NE(refused({.stride = 65536})
                .find("stride of 65536, the limit is "
                      "65535"),
            std::string::npos);
  EXPECT_NE(refused({.dilation = 65536})
                .find("dilation of 65536, the limit is "
                      "65535"),
            std::string::npos);
  // A window of more than 16 rows is cut into parts, one a firing.
  const Signal wide{.samples = 60000, .taps = 600, .pool = 2};
  EXPECT_NE(refused(wide).find("2280000 times a frame, the limit is 65534"),
            std::string::npos);
  EXPECT_NE(refused(wide, "kernel").find("2280000 times a frame"),
            std::string::npos);
  const std::string rows =
      refused({.samples = (1 << 24) + 1, .stride = 60000, .pool = 2});
  EXPECT_NE(rows.find("16777217"), std::string::npos) << rows;
}

// A tall window would make a row in several firings, too many of a long signal:
// layers share its rows, and one more makes those that are left over.
TEST(LongSignal, TallWindowsFireInTurns) {
  expect_exact_signal({.samples = 33000, .taps = 17, .pool = 300});
  expect_exact_signal(
      {.samples = 33001, .rows = true, .taps = 30, .pool = 300});
}

// Either axis may be long, but not both: the bytes are the limit then.
TEST(LongSignal, PicturesThatAreLongBothWaysAreRefused) {
  ModelBuilder b;
  const BuilderScale scale{0.05f, 3};
  const int x = b.input({1, 70000, 70000, 1}, scale);
  b.output(b.pool(OpKind::kMaxPool2d, x, 2, 2, {.stride_h = 2, .stride_w = 2}));
  try {
    prepare(import_tflite(b.finish(), "wide"), one_node(find_board("host")));
    ADD_FAILURE() << "accepted";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUnsupported) << e.what();
  }
}

}  // namespace
}  // namespace shoal

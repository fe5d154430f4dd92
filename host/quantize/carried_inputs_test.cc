// States that are an input and an output become variables: frames one after
// another give what the graph gives if its outputs are handed on.
#include "host/quantize/carried_inputs.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "host/base/error.h"
#include "host/model/export/export.h"
#include "host/model/import/import.h"
#include "host/oracle/float/float_oracle.h"
#include "host/quantize/testing/float_net.h"

namespace shoal {
namespace {

constexpr int kUnits = 6, kFrames = 5;

struct Stateful {
  FloatNet net{3};
  int state, next;  // an input and an output
};

CarriedInput pair_of(const Stateful& s) {
  const auto& tensors = s.net.graph().tensors;
  return {tensors[size_t(s.state)].name, tensors[size_t(s.next)].name};
}

// A layer of units that reads its own result of the frame before.
int layer(FloatNet& net, int x, int h) {
  return net.unary(OpKind::kTanh,
                   net.dense(net.concatenation({x, h}, 1), kUnits));
}

Stateful one_state() {
  Stateful s;
  const int x = s.net.input({1, 4});
  s.state = s.net.input({1, kUnits});
  s.next = layer(s.net, x, s.state);
  s.net.output(s.net.dense(s.next, 3));
  s.net.output(s.next);
  return s;
}

// Two layers, whose states are joined in a tensor of {1, 2, kUnits}; `swapped`:
// in the other order than they are read.
// `ratio`: the second state's values against those of tanh.
Stateful joined_states(bool swapped = false, float ratio = 1) {
  Stateful s;
  FloatNet& net = s.net;
  const int x = net.input({1, 4});
  s.state = net.input({1, 2, kUnits});
  const auto state = [&](int i) {
    return net.reshape(net.slice(s.state, {0, i, 0}, {1, 1, kUnits}),
                       {1, kUnits});
  };
  const int a = layer(net, x, state(0));
  int b = layer(net, a, state(1));
  if (ratio != 1) {
    const int factor = net.constant({1}, {ratio});
    b = net.binary(OpKind::kMul, b, factor);
  }
  const auto row = [&](int t) { return net.reshape(t, {1, 1, kUnits}); };
  s.next = net.concatenation({row(swapped ? b : a), row(swapped ? a : b)}, 1);
  net.output(net.dense(b, 3));
  net.output(s.next);
  return s;
}

// The last rows that it has seen.
Stateful delay_line() {
  Stateful s;
  FloatNet& net = s.net;
  const int x = net.input({1, 1, kUnits});
  s.state = net.input({1, 3, kUnits});
  s.next =
      net.concatenation({net.slice(s.state, {0, 1, 0}, {1, 2, kUnits}), x}, 1);
  net.output(net.dense(net.reshape(s.state, {1, 3 * kUnits}), 3));
  net.output(s.next);
  return s;
}

std::vector<float> random_frame(FloatNet& net, int64_t size) {
  std::vector<float> values(static_cast<size_t>(size));
  std::normal_distribution<float> normal;
  for (float& v : values) v = normal(net.random());
  return values;
}

void expect_same_frames(Stateful s) {
  const Graph plain = s.net.graph();
  const Graph carried = with_carried_inputs(plain, {pair_of(s)});
  EXPECT_EQ(carried.inputs, std::vector<int>{plain.inputs[0]});
  EXPECT_EQ(carried.outputs, std::vector<int>{plain.outputs[0]});
  FloatOracle oracle(plain), sequence(carried);
  const auto size = [&](int t) {
    return element_count(plain.tensors[size_t(t)].shape);
  };
  std::vector<float> state(size_t(size(s.state)), 0);
  for (int f = 0; f < kFrames; ++f) {
    const std::vector<float> x = random_frame(s.net, size(plain.inputs[0]));
    std::vector<float> all = x;
    all.insert(all.end(), state.begin(), state.end());
    const FloatValues& values = oracle.run(all);
    const auto expected = values[size_t(plain.outputs[0])];
    state = values[size_t(s.next)];
    sequence.run(x);
    EXPECT_EQ(sequence.output(), expected) << "frame " << f;
  }
}

TEST(CarriedInputs, OneState) {
  expect_same_frames(one_state());
  const Stateful s = one_state();
  const Graph g = with_carried_inputs(s.net.graph(), {pair_of(s)});
  EXPECT_EQ(g.variables.size(), 1U);
}

TEST(CarriedInputs, JoinedStatesHaveAVariableEach) {
  expect_same_frames(joined_states());
  const Stateful s = joined_states();
  const Graph g = with_carried_inputs(s.net.graph(), {pair_of(s)});
  EXPECT_EQ(g.variables.size(), 2U);
  for (const OpKind kind : {OpKind::kSlice, OpKind::kReshape}) {
    EXPECT_EQ(std::ranges::count(g.ops, kind, &Op::kind), 0);
  }
}

TEST(CarriedInputs, JoinedStatesMayChangePlaces) {
  expect_same_frames(joined_states(true));
}

TEST(CarriedInputs, ADelayLineStaysWhole) {
  expect_same_frames(delay_line());
  const Stateful s = delay_line();
  const Graph g = with_carried_inputs(s.net.graph(), {pair_of(s)});
  EXPECT_EQ(g.variables.size(), 1U);
}

// A state that no frame changes is read and made in other shapes.
TEST(CarriedInputs, AStateThatOnlyPassesThrough) {
  const auto made = [](bool plain) {
    Stateful s;
    FloatNet& net = s.net;
    const int x = net.input({1, kUnits});
    s.state = net.input({1, kUnits});
    const Shape shape{1, kUnits, 1};
    s.next = net.reshape(net.reshape(s.state, {2, kUnits / 2}), {1, kUnits});
    const int read = plain ? s.state : net.reshape(s.state, shape);
    net.output(
        net.binary(OpKind::kAdd, plain ? x : net.reshape(x, shape), read));
    net.output(s.next);
    return s;
  };
  for (const bool plain : {false, true}) {
    expect_same_frames(made(plain));
    const Stateful s = made(plain);
    const Graph g = with_carried_inputs(s.net.graph(), {pair_of(s)});
    ASSERT_EQ(g.variables.size(), 1U);
    const auto is_made = [&](int t) {
      return std::ranges::any_of(g.ops, [&](const Op& op) {
        return std::ranges::find(op.outputs, t) != op.outputs.end();
      });
    };
    EXPECT_TRUE(is_made(s.state));
    EXPECT_TRUE(is_made(g.variables[0].after));
    try {
      QuantizeReport report;
      quantize(g, wave_frames(g, 2, 1), {}, report);
      FAIL() << "its range is not known";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kUsage);
      EXPECT_EQ(std::string(e.what()),
                "state '" + g.variables[0].name +
                    "' is always zero in the calibration frames");
    }
  }
}

// The state is read with its elements in another order.
TEST(CarriedInputs, ATransposedStateStaysWhole) {
  const auto made = [] {
    Stateful s;
    FloatNet& net = s.net;
    const int x = net.input({1, 4});
    s.state = net.input({1, 2, 3});
    const int h = net.reshape(net.transpose(s.state, {0, 2, 1}), {1, 6});
    const int y = layer(net, x, h);
    s.next = net.reshape(y, {1, 2, 3});
    net.output(net.dense(y, 3));
    net.output(s.next);
    return s;
  };
  expect_same_frames(made());
  const Stateful s = made();
  const Graph g = with_carried_inputs(s.net.graph(), {pair_of(s)});
  EXPECT_EQ(std::ranges::count(g.ops, OpKind::kTranspose, &Op::kind), 1);
}

TEST(CarriedInputs, FilesKeepThemWithAScaleForEach) {
  const Stateful s = joined_states(false, 0.125F);
  const Graph carried = with_carried_inputs(s.net.graph(), {pair_of(s)});
  for (const bool int16 : {false, true}) {
    QuantizeReport report;
    QuantizeOptions options;
    options.int16 = int16;
    const Graph made =
        quantize(carried, wave_frames(carried, 20, 3), options, report);
    EXPECT_GT(report.output_snr_db, 20);
    const Graph again = import_tflite(export_tflite(made), made.name);
    ASSERT_EQ(again.variables.size(), 2U);
    const auto scale = [&](size_t i) {
      const int t = again.variables[i].before;
      return again.tensors[size_t(t)].quant.scale.at(0);
    };
    EXPECT_GT(scale(0), 4 * scale(1));
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(again.variables[i].initial, made.variables[i].initial);
    }
  }
}

std::string refusal(const Stateful& s, const std::vector<CarriedInput>& pairs) {
  try {
    with_carried_inputs(s.net.graph(), pairs);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUsage);
    return std::string(e.what()) + "; " + e.fix();
  }
  return "accepted";
}

TEST(CarriedInputs, RefusesWhatDoesNotFit) {
  const Stateful s = one_state();
  const Graph& g = s.net.graph();
  const CarriedInput pair = pair_of(s);
  const auto name = [&](int t) { return g.tensors[size_t(t)].name; };
  const std::string x = name(g.inputs[0]), y = name(g.outputs[0]);
  EXPECT_EQ(refusal(s, {{"z", pair.output}}),
            "--carry: " + g.name +
                " has no input 'z' that is left; its inputs: " + x + ", " +
                pair.input);
  EXPECT_EQ(refusal(s, {{pair.input, "z"}}),
            "--carry: " + g.name +
                " has no output 'z' that is left; its outputs: " + y + ", " +
                pair.output);
  EXPECT_EQ(refusal(s, {{pair.input, y}}),
            "--carry " + pair.input + "=" + y +
                ": the input is FLOAT32 1x6, the output FLOAT32 1x3; name an "
                "output of the input's shape and type");
  EXPECT_EQ(refusal(s, {pair, pair}), "--carry: " + g.name + " has no input '" +
                                          pair.input +
                                          "' that is left; its inputs: " + x);
  Stateful two = one_state();
  const CarriedInput first = pair_of(two);
  const int more = two.net.input({1, kUnits});
  const Graph& of_two = two.net.graph();
  const std::string second = of_two.tensors[size_t(more)].name;
  EXPECT_EQ(refusal(two, {first, {second, first.output}}),
            "--carry: " + of_two.name + " has no output '" + first.output +
                "' that is left; its outputs: " +
                of_two.tensors[size_t(of_two.outputs[0])].name);
  Stateful alone;
  alone.state = alone.net.input({1, kUnits});
  alone.next = alone.net.dense(alone.state, kUnits);
  alone.net.output(alone.next);
  const CarriedInput only = pair_of(alone);
  EXPECT_EQ(refusal(alone, {only}),
            "--carry " + only.input + "=" + only.output + ": " +
                alone.net.graph().name + " has no other input; leave it out");
}

}  // namespace
}  // namespace shoal

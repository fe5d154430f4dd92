// A recurrent layer against the oracle, its state an input of the graph and an
// output: several frames, each with the state of the one before.
#include <gtest/gtest.h>

#include "host/lower/testing/net_eval.h"
#include "host/lower/testing/test_graph.h"
#include "host/model/graph/lstm.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {
namespace {

constexpr int kStateRows = lstm_state_rows(false);

TestGraph lstm_graph(const Shape& in, int units, LstmAttr attr, unsigned seed) {
  TestGraph t(seed);
  const int x = t.input(in), state = t.input({kStateRows, units});
  t.graph.tensors[static_cast<size_t>(state)].quant = {{0.008f}, {-4}, 0};
  std::vector<int> operands{x, state};
  for (const int length : {in.back(), units}) {
    for (int g = 0; g < kLstmGates; ++g) {
      operands.push_back(t.constant({units, length}, 0.01f, 0));
    }
  }
  for (int g = 0; g < kLstmGates; ++g) operands.push_back(t.bias(units));
  Shape out = in;
  out.back() = units;
  const int y = t.op(OpKind::kLstm, operands, out, attr);
  const int after = t.tensor({kStateRows, units}, 0.008f, -4);
  t.graph.ops.back().outputs.push_back(after);
  t.graph.outputs = {y, after};
  return t;
}

TEST(LowerLstm, EqualsTheOracle) {
  struct Case {
    Shape in;
    int units;
    LstmAttr attr;
  };
  const Case cases[] = {{{1, 9, 4}, 5, {0x1p-11f, 0}},
                        {{7, 1, 3}, 8, {0x1p-15f, 0.3f}},
                        {{1, 1, 6}, 1, {0x1p-9f, 9}},
                        {{1, 2, 1}, 3, {1.f, 0}},
                        {{1, 3, 2}, 4, {0x1p-24f, 0}}};
  unsigned seed = 0;
  for (const Case& c : cases) {
    const TestGraph t = lstm_graph(c.in, c.units, c.attr, ++seed);
    const Net net = lower(t.graph);
    EXPECT_EQ(net_faults(net), std::vector<std::string>{});
    EXPECT_EQ(net.layers[0].op, OpCode::kLstm);
    EXPECT_EQ(net.layers[0].macs, model_macs(t.graph));
    std::mt19937 random(seed);
    const auto count = static_cast<size_t>(element_count(c.in));
    std::vector<uint8_t> state(static_cast<size_t>(c.units) * kStateRows, 0);
    for (int frame = 0; frame < 3; ++frame) {
      std::vector<uint8_t> input(count);
      for (uint8_t& byte : input) byte = static_cast<uint8_t>(random());
      input.insert(input.end(), state.begin(), state.end());
      const Values values = run_oracle(t.graph, input);
      const NetValues made = run_net(
          t.graph, net,
          {{input.begin(), input.begin() + static_cast<ptrdiff_t>(count)},
           {state.begin(), state.end()}});
      for (size_t o = 0; o < net.outputs.size(); ++o) {
        const View& view = net.outputs[o].place.view;
        const auto& all = made[static_cast<size_t>(view.tensor)];
        const auto& y = values[static_cast<size_t>(t.graph.outputs[o])];
        const auto first = all.begin() + view.box.y0 * c.units;
        EXPECT_TRUE(std::equal(
            y.begin(), y.end(), first,
            [](uint8_t a, int8_t b) { return static_cast<int8_t>(a) == b; }))
            << "output " << o << " of frame " << frame;
      }
      state = values[static_cast<size_t>(t.graph.outputs[1])];
    }
  }
}

}  // namespace
}  // namespace shoal

// Recurrent layers of ONNX: in float32 as the formulas of its operators give
// it, in int8 exact on one node and on several, from the file that export
// writes, in an arena that does not grow with the number of steps.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <random>
#include <utility>

#include "host/base/error.h"
#include "host/board/board.h"
#include "host/engine/common/prepare.h"
#include "host/lower/net.h"
#include "host/model/export/export.h"
#include "host/model/import/import.h"
#include "host/oracle/float/float_oracle.h"
#include "host/quantize/quantize.h"
#include "host/quantize/testing/float_net.h"
#include "tests/judged_stream.h"
#include "tests/recurrent_layer.h"

namespace shoal {
namespace {

double sigmoid(double v) { return 1 / (1 + std::exp(-v)); }

// ONNX's formulas, for one direction.
class Formula {
 public:
  Formula(const RecurrentLayer& layer, int direction, std::vector<double> h,
          std::vector<double> c)
      : l_(layer),
        s_(layer.s_),
        direction_(direction),
        h(std::move(h)),
        c(std::move(c)) {}

  void step(const float* x) {
    const std::vector<double> old = h;
    std::vector<double> reset;
    if (s_.gates() == 3) {
      for (int u = 0; u < s_.units; ++u) {
        reset.push_back(sigmoid(sum(1, u, x, old, true)));
      }
    }
    for (int u = 0; u < s_.units; ++u) {
      const auto at = static_cast<size_t>(u);
      if (s_.gates() == 1) {
        h[at] = std::tanh(sum(0, u, x, old, true));
      } else if (s_.gates() == 4) {
        const double i = sigmoid(sum(0, u, x, old, true)),
                     o = sigmoid(sum(1, u, x, old, true)),
                     f = sigmoid(sum(2, u, x, old, true));
        c[at] = f * c[at] + i * std::tanh(sum(3, u, x, old, true));
        h[at] = o * std::tanh(c[at]);
      } else {
        const double z = sigmoid(sum(0, u, x, old, true));
        std::vector<double> kept = old;
        for (size_t k = 0; k < kept.size(); ++k) kept[k] *= reset[k];
        const double n =
            s_.resets_after
                ? std::tanh(sum(2, u, x, {}, false) + bias(0, 2, u) +
                            reset[at] * (recurrent(2, u, old) + bias(1, 2, u)))
                : std::tanh(sum(2, u, x, kept, true));
        h[at] = (1 - z) * n + z * old[at];
      }
    }
  }

 private:
  size_t row(int gate, int unit) const {
    return static_cast<size_t>((direction_ * s_.gates() + gate) * s_.units +
                               unit);
  }
  double bias(int which, int gate, int unit) const {
    return double{1} *
           l_.bias[static_cast<size_t>(
               ((direction_ * 2 + which) * s_.gates() + gate) * s_.units +
               unit)];
  }
  double recurrent(int gate, int unit, const std::vector<double>& from) const {
    double v = 0;
    for (size_t k = 0; k < from.size(); ++k) {
      v += double{1} * l_.r[row(gate, unit) * from.size() + k] * from[k];
    }
    return v;
  }
  double sum(int gate, int unit, const float* x,
             const std::vector<double>& from, bool biases) const {
    double v = recurrent(gate, unit, from);
    for (int k = 0; k < s_.inputs; ++k) {
      v += double{1} *
           l_.w[row(gate, unit) * static_cast<size_t>(s_.inputs) +
                static_cast<size_t>(k)] *
           x[k];
    }
    return biases ? v + bias(0, gate, unit) + bias(1, gate, unit) : v;
  }

  const RecurrentLayer& l_;
  const LayerSizes& s_;
  const int direction_;

 public:
  std::vector<double> h, c;
};

// Y has four axes, so it is given with the second one last.
std::vector<double> as_picture(const std::vector<double>& y,
                               const LayerSizes& s) {
  const auto d = static_cast<size_t>(s.directions()),
             units = static_cast<size_t>(s.units);
  const size_t steps = y.size() / d / units;
  std::vector<double> out;
  for (size_t i = 0; i < y.size(); ++i) {
    if (s.by_batch) {  // 1, steps, directions, units
      out.push_back(y[i % steps * d * units + i / steps]);
    } else {  // steps, directions, 1, units
      const size_t t = i / (d * units), left = i % (d * units);
      out.push_back(y[(t * d + left % d) * units + left / d]);
    }
  }
  return out;
}

// All outputs one after another.
std::vector<double> formula(const RecurrentLayer& layer, const Floats& input) {
  const LayerSizes& s = layer.s_;
  const auto units = static_cast<size_t>(s.units);
  const int d = s.directions();
  std::vector<double> y(static_cast<size_t>(s.steps * d) * units), h, c;
  const auto state = [&](int which, int direction) {
    std::vector<double> v(units, 0);
    for (size_t u = 0; s.states && u < units; ++u) {
      v[u] = input[static_cast<size_t>(s.steps * s.inputs) +
                   static_cast<size_t>(which * d + direction) * units + u];
    }
    return v;
  };
  for (int k = 0; k < d; ++k) {
    Formula f(layer, k, state(0, k), state(s.is_lstm() ? 1 : 0, k));
    const bool back = k == 1 || s.direction == std::string("reverse");
    for (int i = 0; i < s.steps; ++i) {
      const int t = back ? s.steps - 1 - i : i;
      f.step(&input[static_cast<size_t>(t * s.inputs)]);
      for (size_t u = 0; u < units; ++u) {
        y[static_cast<size_t>(t * d + k) * units + u] = f.h[u];
      }
    }
    h.insert(h.end(), f.h.begin(), f.h.end());
    c.insert(c.end(), f.c.begin(), f.c.end());
  }
  y = as_picture(y, s);
  if (!s.states) return y;
  y.insert(y.end(), h.begin(), h.end());
  if (s.is_lstm()) y.insert(y.end(), c.begin(), c.end());
  return y;
}

class Loops : public testing::TestWithParam<LayerSizes> {};

TEST_P(Loops, ComputeWhatOnnxSays) {
  RecurrentLayer layer(GetParam());
  const Graph g = layer.graph();
  int64_t count = 0;
  for (const int t : g.inputs) {
    count += element_count(g.tensors[static_cast<size_t>(t)].shape);
  }
  const Floats input = some_floats(count, 9);
  const std::vector<double> wanted = formula(layer, input);
  for (const Graph& graph : {g, import_tflite(export_tflite(g), "float")}) {
    FloatOracle oracle(graph);
    oracle.run(input);
    const std::vector<float> got = oracle.output();
    ASSERT_EQ(got.size(), wanted.size());
    for (size_t i = 0; i < got.size(); ++i) {
      ASSERT_NEAR(got[i], wanted[i], 1e-5) << i;
    }
  }
}

// As files have it.
Graph read_again(const Graph& made) {
  return import_tflite(export_tflite(made), "m");
}

TEST_P(Loops, AreExactOnEveryPlan) {
  expect_exact_plans(read_again(
      quantize_unseen(RecurrentLayer(GetParam()).graph(), QuantizeOptions{})));
}

TEST_P(Loops, AreExactInInt16) {
  QuantizeOptions options;
  options.int16 = true;
  const Graph floats = RecurrentLayer(GetParam()).graph();
  const Graph made = quantize_unseen(floats, options);
  EXPECT_TRUE(std::ranges::none_of(made.tensors, [](const Tensor& t) {
    return !t.constant && t.type == Type::kInt8;
  }));
  expect_exact_plans(read_again(made));
}

TEST_P(Loops, AreCloserInInt16) {
  const Graph floats = RecurrentLayer(GetParam()).graph();
  double snr_db[2] = {};
  for (const bool int16 : {false, true}) {
    QuantizeOptions options;
    options.int16 = int16;
    QuantizeReport report;
    quantize(floats, wave_frames(floats, 8, 3), options, report);
    snr_db[int16] = report.output_snr_db;
  }
  // Weights have eight bits in both.
  EXPECT_GT(snr_db[1], snr_db[0] + 4);
}

INSTANTIATE_TEST_SUITE_P(
    Onnx, Loops,
    testing::Values(LayerSizes{.type = "LSTM"},
                    LayerSizes{.type = "LSTM", .direction = "reverse"},
                    LayerSizes{.type = "LSTM",
                               .direction = "bidirectional",
                               .by_batch = true,
                               .states = true},
                    LayerSizes{.type = "LSTM", .steps = 1, .states = true},
                    LayerSizes{.type = "GRU", .units = 9, .states = true},
                    LayerSizes{.type = "GRU", .direction = "bidirectional"},
                    LayerSizes{.type = "GRU", .resets_after = false},
                    LayerSizes{.type = "GRU",
                               .direction = "bidirectional",
                               .by_batch = true,
                               .resets_after = false,
                               .states = true},
                    LayerSizes{.type = "RNN", .by_batch = true, .states = true},
                    LayerSizes{.type = "RNN", .direction = "bidirectional"}));

uint32_t arena_of(const char* type, int steps, bool resets_after = true) {
  PlanRequest request = one_node(find_board("host"));
  request.objective = Objective::kRam;
  const Graph floats =
      RecurrentLayer(
          {.type = type, .steps = steps, .resets_after = resets_after})
          .graph();
  const Graph g = quantize_unseen(floats, QuantizeOptions{});
  return static_cast<uint32_t>(prepare(g, request).plan.nodes[0].arena_bytes);
}

TEST(LoopMemory, DoesNotGrowWithTheSequence) {
  for (const char* type : {"LSTM", "GRU", "RNN"}) {
    EXPECT_EQ(arena_of(type, 10), arena_of(type, 1000)) << type;
  }
  EXPECT_EQ(arena_of("GRU", 10, false), arena_of("GRU", 1000, false));
}

// Whatever is damaged, an error has a code of its own; what import takes, the
// net takes or refuses.
TEST(LoopFiles, DamagedOnesAreRefusedOrLegal) {
  RecurrentLayer layer({.type = "GRU",
                        .steps = 3,
                        .inputs = 2,
                        .units = 2,
                        .resets_after = false,
                        .states = true});
  const auto file =
      export_tflite(quantize_unseen(layer.graph(), QuantizeOptions{}));
  std::mt19937 random(5);
  size_t legal = 0, refused = 0;
  const auto use = [&](const auto& damaged) {
    try {
      lower(import_tflite(damaged, "m"));
      ++legal;
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == Exit::kCorrupt ||
                  error.code() == Exit::kUnsupported)
          << error.what();
      ++refused;
    }
  };
  for (size_t at = 0; at < file.size(); ++at) {
    auto damaged = file;
    damaged[at] ^= static_cast<uint8_t>(1u << random() % 8);
    use(damaged);
    if (at % 8 > 0) continue;
    damaged = file;
    damaged.resize(at);
    use(damaged);
  }
  EXPECT_GT(legal, file.size() / 8);
  EXPECT_GT(refused, file.size() / 8);
}

struct Refused {
  const char* name;
  void (*break_it)(RecurrentLayer&);
  const char* what;
};
void PrintTo(const Refused& c, std::ostream* out) { *out << c.name; }

class LoopErrors : public testing::TestWithParam<Refused> {};

TEST_P(LoopErrors, SayWhatToDo) {
  RecurrentLayer layer({.type = "LSTM"});
  GetParam().break_it(layer);
  try {
    layer.graph();
    ADD_FAILURE() << "imported";
  } catch (const Error& error) {
    const std::string what = error.what();
    EXPECT_NE(what.find(GetParam().what), std::string::npos) << what;
  }
}

const Refused kRefused[] = {
    {"Activation",
     [](RecurrentLayer& l) {
       l.attributes.push_back(
           {"activations", Words{"HardSigmoid", "Tanh", "Tanh"}});
     },
     "the activation \"HardSigmoid\"; build the layer with Sigmoid"},
    {"Activations",
     [](RecurrentLayer& l) {
       l.attributes.push_back({"activations", Words{"Tanh"}});
     },
     "1 activations"},
    {"Peepholes",
     [](RecurrentLayer& l) {
       l.b.floats("p", {1, 18}, some_floats(18));
       l.inputs.insert(l.inputs.end(), {"", "", "", "p"});
     },
     "peephole weights; build the layer without"},
    {"Lengths",
     [](RecurrentLayer& l) {
       l.b.input("n", {1}, 6);
       l.inputs.push_back("n");
     },
     "sequence_lens that are computed; export with sequences of one length"},
    {"ShortLength",
     [](RecurrentLayer& l) {
       l.b.ints("n", {1}, {4});
       l.inputs.push_back("n");
     },
     "a sequence of 4 of 7 steps; export without sequence_lens"},
    {"Clip",
     [](RecurrentLayer& l) {
       l.attributes.push_back({"clip", 3.0F});
     },
     "clipped arguments; build the layer without clip"},
    {"Coupled",
     [](RecurrentLayer& l) {
       l.attributes.push_back({"input_forget", int64_t{1}});
     },
     "a coupled input and forget gate; build the layer with four gates"},
    {"Direction",
     [](RecurrentLayer& l) { l.attributes[1].value = std::string("sideways"); },
     "direction is \"sideways\""},
    {"HiddenSize",
     [](RecurrentLayer& l) { l.attributes[0].value = int64_t{7}; },
     "hidden_size 7 and weights of 6 units"},
    {"Batch",
     [](RecurrentLayer& l) {
       l.b.input("x2", {7, 2, 5});
       l.inputs[0] = "x2";
     },
     "a batch of 2; export with batch 1"},
};
INSTANTIATE_TEST_SUITE_P(Import, LoopErrors, testing::ValuesIn(kRefused),
                         [](const auto& info) { return info.param.name; });

TEST(LoopErrorsOfNodes, AProductWithAnother) {
  Graph g = quantize_unseen(
      RecurrentLayer({.type = "GRU", .inputs = 6, .resets_after = false})
          .graph(),
      {});
  const auto is_product = [](const Op& op) {
    return op.kind == OpKind::kFullyConnected;
  };
  const auto first = std::ranges::find_if(g.ops, is_product);
  const auto second = std::find_if(first + 1, g.ops.end(), is_product);
  second->inputs[0] = first->outputs[0];
  try {
    lower(g);
    ADD_FAILURE() << "lowered";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("a product with another one"),
              std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace shoal

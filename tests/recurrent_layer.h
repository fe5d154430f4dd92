// A recurrent layer of ONNX with random weights.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "host/model/onnx/onnx.h"
#include "host/model/onnx/testing/onnx_builder.h"
#include "host/quantize/testing/float_net.h"

namespace shoal {

struct LayerSizes {
  const char* type;
  int steps = 7, inputs = 5, units = 6;
  const char* direction = "forward";
  bool by_batch = false, resets_after = true, states = false;
  int directions() const {
    return std::string(direction) == "bidirectional" ? 2 : 1;
  }
  int gates() const {
    return type == std::string("LSTM") ? 4 : type == std::string("GRU") ? 3 : 1;
  }
  bool is_lstm() const { return gates() == 4; }
};
inline void PrintTo(const LayerSizes& s, std::ostream* out) {
  *out << s.type << ' ' << s.direction << ' ' << s.steps << " steps";
}

inline Floats scaled(Floats values, float by) {
  for (float& v : values) v *= by;
  return values;
}

// The node with weights, biases and, if asked, states as inputs and outputs.
class RecurrentLayer {
 public:
  explicit RecurrentLayer(const LayerSizes& s) : s_(s), b(14) {
    const int64_t d = s.directions(), g = s.gates(), u = s.units;
    w = scaled(some_floats(d * g * u * s.inputs, 1), 0.6F);
    r = scaled(some_floats(d * g * u * u, 2), 0.5F);
    bias = scaled(some_floats(d * 2 * g * u, 3), 0.3F);
    b.input("x", s.by_batch ? Ints{1, s.steps, s.inputs}
                            : Ints{s.steps, 1, s.inputs});
    b.floats("w", {d, g * u, s.inputs}, w);
    b.floats("r", {d, g * u, u}, r);
    b.floats("b", {d, 2 * g * u}, bias);
    inputs = {"x", "w", "r", "b"};
    outputs = {"y"};
    attributes = {{"hidden_size", u}, {"direction", std::string(s.direction)}};
    if (s.by_batch) attributes.push_back({"layout", int64_t{1}});
    if (s.gates() == 3) {
      attributes.push_back(
          {"linear_before_reset", int64_t{s.resets_after ? 1 : 0}});
    }
    if (!s.states) return;
    const Ints state = s.by_batch ? Ints{1, d, u} : Ints{d, 1, u};
    inputs.insert(inputs.end(), {"", "h0"});
    outputs.push_back("h1");
    b.input("h0", state);
    if (!s.is_lstm()) return;
    inputs.push_back("c0"), outputs.push_back("c1");
    b.input("c0", state);
  }

  Graph graph() {
    b.node(s_.type, inputs, outputs, attributes);
    for (const std::string& y : outputs) b.output(y);
    return import_onnx(b.finish(), "m");
  }

  const LayerSizes s_;
  OnnxBuilder b;
  Floats w, r, bias;
  std::vector<std::string> inputs, outputs;
  std::vector<OnnxField> attributes;
};

}  // namespace shoal

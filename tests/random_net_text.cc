// Inputs of random networks, and what messages say of them.
#include <cstring>
#include <sstream>

#include "host/model/graph/operators.h"
#include "tests/random_net.h"

namespace shoal {
namespace {

std::string shape_text(const Graph& graph, int tensor) {
  if (tensor < 0) return " none";
  std::string text = " t" + std::to_string(tensor) + "[";
  for (const int n : graph.tensors[static_cast<size_t>(tensor)].shape) {
    text += std::to_string(n) + " ";
  }
  if (text.back() == ' ') text.pop_back();
  return text + "]";
}

}  // namespace

std::vector<uint8_t> random_input(const Graph& graph, std::mt19937& random) {
  std::vector<uint8_t> out;
  const bool extreme = random() % 4 == 0;
  for (const int t : graph.inputs) {
    const Tensor& tensor = graph.tensors[static_cast<size_t>(t)];
    for (int64_t i = element_count(tensor.shape); i > 0; --i) {
      const auto byte = static_cast<uint8_t>(
          extreme ? (random() % 2 ? 0x80 : 0x7F) : random());
      if (tensor.type != Type::kFloat32) {
        out.push_back(byte);
        continue;
      }
      const float value = static_cast<float>(byte) / 20 - 6;
      uint8_t raw[sizeof value];
      std::memcpy(raw, &value, sizeof value);
      out.insert(out.end(), raw, raw + sizeof value);
    }
  }
  return out;
}

std::string text_of(const Graph& graph) {
  std::ostringstream out;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    out << "  " << i << " " << op_name(graph.ops[i].kind);
    for (const int t : graph.ops[i].inputs) out << shape_text(graph, t);
    out << " ->";
    for (const int t : graph.ops[i].outputs) out << shape_text(graph, t);
    out << "\n";
  }
  out << "  outputs";
  for (const int t : graph.outputs) out << shape_text(graph, t);
  return out.str();
}

}  // namespace shoal

#include "host/data/task/values.h"

#include <algorithm>
#include <cstring>

namespace shoal {
std::vector<NamedArray> output_arrays(const Graph& graph,
                                      std::span<const uint8_t> output) {
  std::vector<NamedArray> arrays;
  for (const int index : graph.outputs) {
    const Tensor& t = graph.tensors[static_cast<size_t>(index)];
    const size_t bytes = static_cast<size_t>(element_count(t.shape)) *
                         static_cast<size_t>(type_bytes(t.file_type));
    arrays.push_back({t.name,
                      {array_type(t.file_type),
                       {t.shape.begin(), t.shape.end()},
                       {output.begin(),
                        output.begin() + static_cast<std::ptrdiff_t>(bytes)}}});
    output = output.subspan(bytes);
  }
  return arrays;
}

std::vector<RealOutput> real_outputs(const Graph& graph,
                                     std::span<const uint8_t> output) {
  std::vector<RealOutput> all;
  const std::vector<NamedArray> arrays = output_arrays(graph, output);
  for (size_t i = 0; i < arrays.size(); ++i) {
    const Tensor& t = graph.tensors[static_cast<size_t>(graph.outputs[i])];
    const Array& a = arrays[i].array;
    RealOutput values{t.name, t.shape, {}};
    const bool quantized =
        !t.quant.scale.empty() && (a.type.ends_with('1') || is_int16(t));
    const double scale = quantized ? static_cast<double>(t.scale()) : 1;
    const int zero = (quantized ? t.zero() : 0) + (a.type == "u1" ? 128 : 0);
    for (int64_t e = 0; e < value_count(a); ++e) {
      values.v.push_back(static_cast<float>(scale * (value_at(a, e) - zero)));
    }
    all.push_back(std::move(values));
  }
  return all;
}

bool is_turned(const Shape& shape, int64_t rows) {
  return core_shape(shape)[0] != rows && shape.back() == rows;
}

Shape core_shape(const Shape& shape) {
  const auto first = std::ranges::find_if(shape, [](int n) { return n != 1; });
  return {first, shape.end()};
}

}  // namespace shoal

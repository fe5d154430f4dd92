// For tests of heads: a model of which only its ends exist.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "host/data/task/task.h"

namespace shoal {

// A float model of these shapes; values in the order of the outputs.
struct OutputsCase {
  OutputsCase(Shape input, std::vector<Shape> outputs) {
    add(std::move(input));
    graph.inputs = {0};
    for (Shape& s : outputs) {
      graph.outputs.push_back(static_cast<int>(graph.tensors.size()));
      add(std::move(s));
      values.emplace_back(
          static_cast<size_t>(element_count(graph.tensors.back().shape)));
    }
  }
  HeadFindings read(const HeadWish& wish = {},
                    const HeadOptions& options = {}) {
    const HeadUse use = choose_head(graph, wish);
    head = head_name(use);
    std::vector<uint8_t> bytes;
    for (const std::vector<float>& v : values) {
      const auto* at = reinterpret_cast<const uint8_t*>(v.data());
      bytes.insert(bytes.end(), at, at + v.size() * sizeof(float));
    }
    return read_head(use, real_outputs(graph, bytes), options);
  }
  Graph graph;
  std::vector<std::vector<float>> values;
  std::string head;

 private:
  void add(Shape shape) {
    Tensor t;
    t.name = "t" + std::to_string(graph.tensors.size());
    t.shape = std::move(shape);
    t.type = t.file_type = Type::kFloat32;
    graph.tensors.push_back(t);
  }
};

}  // namespace shoal

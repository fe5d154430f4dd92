#include "host/cli/classes.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/printable.h"
#include "host/cli/output.h"
#include "host/data/labels/labels.h"

namespace shoal {
namespace {

// The real value of element i of the first output.
double real_value(const Tensor& t, const std::vector<uint8_t>& bytes,
                  size_t i) {
  if (t.file_type == Type::kFloat32) {
    float v;
    std::memcpy(&v, &bytes[i * sizeof v], sizeof v);
    return static_cast<double>(v);
  }
  if (is_wide(t.file_type)) {
    int32_t v;  // places fit its lower half
    std::memcpy(&v, &bytes[i * static_cast<size_t>(type_bytes(t.file_type))],
                sizeof v);
    return v;
  }
  if (is_int16(t)) {
    int16_t v;
    std::memcpy(&v, &bytes[i * sizeof v], sizeof v);
    return static_cast<double>(t.quant.scale.empty() ? 1.f : t.scale()) * v;
  }
  const int flip = t.file_type == Type::kUint8 ? 0x80 : 0;
  const int q = static_cast<int8_t>(bytes[i] ^ flip);
  const float scale = t.quant.scale.empty() ? 1.f : t.scale();
  return static_cast<double>(scale) * (q - t.zero());
}

}  // namespace

std::vector<std::string> read_labels(const std::string& path) {
  if (path.empty()) return {};
  const std::vector<uint8_t> bytes = read_file(path, files::kLabels);
  return parse_labels(bytes, path);
}

std::vector<std::string> model_labels(const std::string& path) {
  std::error_code none;
  if (path.ends_with(".onnx") || path.starts_with("zoo:") ||
      !std::filesystem::is_regular_file(path, none)) {
    return {};
  }
  LabelsInside inside = labels_inside(read_file(path, files::kModel));
  if (!inside.labels.empty()) {
    tell("labels: %s of the model's file\n", inside.name.c_str());
  }
  return std::move(inside.labels);
}

std::vector<Class> best_classes(const Graph& graph,
                                const std::vector<uint8_t>& output,
                                const std::vector<std::string>& labels,
                                int count) {
  const Tensor& t = graph.tensors[static_cast<size_t>(graph.outputs[0])];
  std::vector<Class> all(static_cast<size_t>(element_count(t.shape)));
  for (size_t i = 0; i < all.size(); ++i) {
    all[i].index = static_cast<int>(i);
    all[i].score = real_value(t, output, i);
    if (i < labels.size()) all[i].label = labels[i];
  }
  const size_t n = std::min(all.size(), static_cast<size_t>(count));
  std::partial_sort(all.begin(), all.begin() + static_cast<int64_t>(n),
                    all.end(), [](const Class& a, const Class& b) {
                      return a.score != b.score ? a.score > b.score
                                                : a.index < b.index;
                    });
  all.resize(n);
  return all;
}

void print_classes(const std::vector<Class>& top) {
  for (size_t i = 0; i < top.size(); ++i) {
    say("%3zu  %8.5f  %4d  %s\n", i + 1, top[i].score, top[i].index,
        top[i].label.c_str());
  }
}

}  // namespace shoal

#include "host/quantize/observed_bytes.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <optional>
#include <string>
#include <type_traits>

#include "host/base/error.h"

namespace shoal {
namespace {

static_assert(std::endian::native == std::endian::little,
              "values are copied as they lie in memory");

template <class T>
void put(const T& value, std::vector<uint8_t>& out) {
  static_assert(std::is_arithmetic_v<T>);
  const size_t at = out.size();
  out.resize(at + sizeof value);
  std::memcpy(&out[at], &value, sizeof value);
}

class ObservedReader {
 public:
  ObservedReader(const Graph& graph, std::span<const uint8_t> bytes)
      : graph_(graph), bytes_(bytes), all_(bytes.size()) {}

  template <class T>
  T take() {
    T value;
    require(bytes_.size() >= sizeof value);
    std::memcpy(&value, bytes_.data(), sizeof value);
    bytes_ = bytes_.subspan(sizeof value);
    return value;
  }
  template <class T>
  std::vector<T> take_all(size_t count) {
    require(bytes_.size() / sizeof(T) >= count);
    std::vector<T> values;
    values.reserve(count);
    for (size_t i = 0; i < count; ++i) values.push_back(take<T>());
    return values;
  }
  void end() const { require(bytes_.empty()); }
  void require(bool ok) const {
    if (ok) return;
    throw Error(Exit::kCorrupt,
                graph_.name + ": what a rank has observed is wrong at byte " +
                    std::to_string(all_ - bytes_.size()) + " of " +
                    std::to_string(all_),
                "run the same shoal on all ranks");
  }

 private:
  const Graph& graph_;
  std::span<const uint8_t> bytes_;
  const size_t all_;
};

}  // namespace

std::vector<uint8_t> format_values(const Observations& o) {
  std::vector<uint8_t> out;
  for (size_t t = 0; t < o.seen.size(); ++t) {
    const Histogram& h = o.seen[t];
    put(h.lowest(), out);
    put(h.highest(), out);
    put(h.count(), out);
    put(h.zeros(), out);
    put(static_cast<uint32_t>(h.bins()), out);
    put(static_cast<uint32_t>(o.highest[t].size()), out);
    for (int i = 0; i < h.bins(); ++i) put(h.at(i), out);
    for (const float v : o.highest[t]) put(v, out);
  }
  return out;
}

Observations parse_values(const Graph& graph, std::span<const uint8_t> bytes) {
  ObservedReader reader(graph, bytes);
  Observations o;
  for (const Tensor& tensor : graph.tensors) {
    const auto lowest = reader.take<float>();
    const auto highest = reader.take<float>();
    const auto count = reader.take<int64_t>();
    const auto zeros = reader.take<int64_t>();
    const auto bins = reader.take<uint32_t>();
    const auto channels = reader.take<uint32_t>();
    std::optional<Histogram> h = Histogram::from(
        lowest, highest, count, zeros, reader.take_all<int64_t>(bins));
    reader.require(h.has_value());
    o.seen.push_back(*std::move(h));
    reader.require(channels == 0 || (!tensor.shape.empty() &&
                                     int64_t{channels} == tensor.shape.back()));
    o.highest.push_back(reader.take_all<float>(channels));
    for (const float v : o.highest.back()) {
      reader.require(std::isfinite(v) && v >= 0);
    }
  }
  reader.end();
  return o;
}

std::vector<uint8_t> format_patches(const Patches& patches) {
  std::vector<uint8_t> out;
  for (const auto& patch : patches) {
    for (const double v : patch) put(v, out);
  }
  return out;
}

Patches parse_patches(const Graph& graph, std::span<const uint8_t> bytes) {
  ObservedReader reader(graph, bytes);
  Patches patches(graph.ops.size());
  for (size_t i = 0; i < patches.size(); ++i) {
    const Op& op = graph.ops[i];
    if (!has_patch(op)) continue;
    patches[i] = reader.take_all<double>(patch_size(graph, op));
    for (const double v : patches[i]) reader.require(std::isfinite(v));
  }
  reader.end();
  return patches;
}

}  // namespace shoal

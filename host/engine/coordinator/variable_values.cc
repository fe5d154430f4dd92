#include "host/engine/coordinator/variable_values.h"

#include <algorithm>
#include <cstring>

#include "host/engine/coordinator/box_runs.h"

namespace shoal {
namespace {

// The box with a channel for each byte.
Box in_bytes(Box box, int element_bytes) {
  box.c0 *= element_bytes, box.c1 *= element_bytes;
  return box;
}

Box whole_box(const Net& net, const NetVariable& v) {
  const NetTensor& t = net.tensors[static_cast<size_t>(v.before)];
  return in_bytes(t.box(), t.element_bytes);
}

}  // namespace

VariableValues::VariableValues(const Net& net) {
  for (const NetVariable& v : net.variables) {
    const Box whole = whole_box(net, v);
    std::vector<uint8_t> bytes(static_cast<size_t>(whole.elements()));
    std::ranges::transform(v.initial, bytes.begin(),
                           [](int8_t b) { return static_cast<uint8_t>(b); });
    values_.push_back({whole, std::move(bytes)});
  }
}

std::vector<uint8_t> VariableValues::box(const PlanVariable& v) const {
  const Value& value = values_.at(static_cast<size_t>(v.variable));
  std::vector<uint8_t> bytes(v.bytes());
  uint8_t* to = bytes.data();
  for_runs(in_bytes(v.box, v.element_bytes), value.whole, 0, v.bytes(),
           [&](size_t at, uint32_t count) {
             std::memcpy(to, value.bytes.data() + at, count);
             to += count;
           });
  return bytes;
}

void VariableValues::put(const PlanVariable& v, uint32_t offset,
                         std::span<const uint8_t> bytes) {
  Value& value = values_.at(static_cast<size_t>(v.variable));
  const uint8_t* from = bytes.data();
  for_runs(in_bytes(v.box, v.element_bytes), value.whole, offset,
           static_cast<uint32_t>(bytes.size()), [&](size_t at, uint32_t count) {
             std::memcpy(value.bytes.data() + at, from, count);
             from += count;
           });
}

int64_t VariableValues::bytes() const {
  int64_t sum = 0;
  for (const Value& v : values_) sum += std::ssize(v.bytes);
  return sum;
}

std::vector<uint8_t> VariableValues::all() const {
  std::vector<uint8_t> all;
  for (const Value& v : values_) {
    all.insert(all.end(), v.bytes.begin(), v.bytes.end());
  }
  return all;
}

bool VariableValues::set_all(std::span<const uint8_t> all) {
  if (std::ssize(all) != bytes()) return false;
  const uint8_t* from = all.data();
  for (Value& v : values_) {
    std::copy_n(from, v.bytes.size(), v.bytes.begin());
    from += v.bytes.size();
  }
  return true;
}

bool VariableValues::belong_to(const Net& net) const {
  if (values_.size() != net.variables.size()) return false;
  for (size_t i = 0; i < values_.size(); ++i) {
    if (values_[i].whole != whole_box(net, net.variables[i])) return false;
  }
  return true;
}

}  // namespace shoal

// What shapes of results are inferred from. Internal to host/model/import.
#pragma once

#include <cstring>
#include <limits>
#include <vector>

#include "host/model/import/raw_passes.h"

namespace shoal {

// Thrown within inference only: the importer says later what is wrong.
struct NotInferred {};

inline void follows(bool ok) {
  if (!ok) throw NotInferred();
}

inline int size_of(int64_t value) {
  follows(value >= 1 && value <= std::numeric_limits<int32_t>::max());
  return static_cast<int>(value);
}

inline int64_t inferred_count(const Shape& shape) {
  int64_t total = 1;
  for (const int size : shape) total = size_of(total * size_of(size));
  return total;
}

// Of one operator. Throws NotInferred for operands that are not there.
class InferredFrom {
 public:
  InferredFrom(const RawModel& raw, const RawOp& op) : raw_(raw), op_(op) {}

  const RawOptions& o() const { return op_.options; }

  const RawTensor& tensor(size_t i) const {
    follows(i < op_.inputs.size() && op_.inputs[i] >= 0);
    return raw_.tensors[static_cast<size_t>(op_.inputs[i])];
  }
  const Shape& operand(size_t i) const { return tensor(i).shape; }
  const Shape& picture(size_t i) const {
    follows(operand(i).size() == 4);
    return operand(i);
  }
  static int channel(const Shape& x) {
    follows(!x.empty());
    return x.back();
  }

  std::vector<int32_t> numbers(size_t i) const {
    const RawTensor& t = tensor(i);
    follows(t.type == kCodeInt32 && t.buffer < raw_.buffers.size());
    const auto bytes = raw_.buffers[t.buffer];
    follows(!bytes.empty() && bytes.size() % 4 == 0);
    std::vector<int32_t> out(bytes.size() / 4);
    std::memcpy(out.data(), bytes.data(), bytes.size());
    return out;
  }

  static size_t axis(int value, size_t rank) {
    const int64_t at = value < 0 ? value + static_cast<int64_t>(rank) : value;
    follows(at >= 0 && at < static_cast<int64_t>(rank));
    return static_cast<size_t>(at);
  }

  size_t operands() const { return op_.inputs.size(); }

 private:
  const RawModel& raw_;
  const RawOp& op_;
};

// Of operators that take parts out of their first operand (SPLIT: the second):
// a shape for each result. Throws NotInferred for others.
std::vector<Shape> shapes_of_parts(const InferredFrom&, OpKind, size_t results);

// Elements of one axis as NumPy slices it: negative positions count from the
// end, positions outside are cut to the axis, masked ones are its ends. Less
// than 1 if nothing is left.
struct SliceRange {
  int64_t begin, count;
};
SliceRange slice_range(const RawOptions&, size_t axis, int64_t size,
                       int64_t begin, int64_t end, int64_t stride);

}  // namespace shoal

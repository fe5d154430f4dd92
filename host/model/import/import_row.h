// The importer's facts of an operator, one row each: a row stands at the end of
// the file that converts the operator. Internal to host/model/import.
#pragma once

#include <cstdint>
#include <vector>

#include "host/model/graph/operators.h"
#include "host/model/tflite/raw_model.h"

namespace shoal {

class OpReader;

// An operator of the file before it is checked.
class RawOperands {
 public:
  // Thrown where something does not follow from the operands, and caught by
  // the passes that ask: the importer says later what is wrong.
  struct Unknown {};

  RawOperands(const RawModel& raw, const RawOp& op) : raw_(raw), op_(op) {}

  const RawOptions& options() const { return op_.options; }
  size_t count() const { return op_.inputs.size(); }
  const Shape& shape(size_t i) const { return tensor(i).shape; }
  int rank(size_t i) const { return static_cast<int>(shape(i).size()); }
  // The values of a constant int32 operand, at least one.
  std::vector<int32_t> numbers(size_t i) const;

 private:
  const RawTensor& tensor(size_t i) const;

  const RawModel& raw_;
  const RawOp& op_;
};

struct ImportRow {
  // Reads the operands and attributes and checks them.
  void (*convert)(const OpReader&, Op&) = nullptr;
  // The shape of the only result, where the file leaves it open. Null: the
  // file's word stands. May throw RawOperands::Unknown, as the next ones.
  Shape (*shape)(const RawOperands&) = nullptr;
  // Returns whether the operator leaves axis 0 alone, so that frames of a batch
  // stay apart. Null: it does not.
  bool (*apart)(const RawOperands&) = nullptr;
  // Returns the shapes of `results` results, in place of `shape`.
  std::vector<Shape> (*shapes)(const RawOperands&, size_t results) = nullptr;
};

using ImportRows = ByKind<ImportRow>;
const ImportRow& import_row(OpKind);
// The rows of families of operators, each in its own file; empty rows for
// others.
const ImportRow& window_row(OpKind);
const ImportRow& arithmetic_row(OpKind);
const ImportRow& recurrent_row(OpKind);
const ImportRow& layout_row(OpKind);
const ImportRow& slice_row(OpKind);

// Elements of one axis as NumPy slices it: negative positions count from the
// end, positions outside are cut to the axis, masked ones are its ends. Less
// than 1 if nothing is left.
struct SliceRange {
  int64_t begin, count;
};
SliceRange slice_range(const RawOptions&, size_t axis, int64_t size,
                       int64_t begin, int64_t end, int64_t stride);

namespace inferred {  // infer_shapes.cc
// Throws RawOperands::Unknown for what does not hold, or is no size.
void follows(bool);
int size_of(int64_t);
size_t axis(int value, size_t rank);  // negative ones from the end

Shape same(const RawOperands&);
Shape convolution(const RawOperands&);
Shape depthwise(const RawOperands&);
Shape transpose_conv(const RawOperands&);
Shape pool(const RawOperands&);
Shape fully_connected(const RawOperands&);
Shape matmul(const RawOperands&);
Shape place(const RawOperands&);
Shape broadcast(const RawOperands&);
Shape chosen(const RawOperands&);
Shape reduced(const RawOperands&);
Shape joined(const RawOperands&);
Shape packed(const RawOperands&);
Shape padded(const RawOperands&);
Shape reshaped(const RawOperands&);
Shape squeezed(const RawOperands&);
Shape expanded(const RawOperands&);
Shape transposed(const RawOperands&);
Shape resized(const RawOperands&);
Shape space_to_depth(const RawOperands&);
Shape depth_to_space(const RawOperands&);
Shape space_to_batch(const RawOperands&);
Shape batch_to_space(const RawOperands&);
// infer_slices.cc
Shape slice(const RawOperands&);
Shape strided(const RawOperands&);
Shape gathered(const RawOperands&);
std::vector<Shape> split(const RawOperands&, size_t results);
std::vector<Shape> split_v(const RawOperands&, size_t results);
std::vector<Shape> unpacked(const RawOperands&, size_t results);
}  // namespace inferred

namespace frames {  // unbatch.cc
inline bool apart(const RawOperands&) { return true; }
bool apart_with_axes(const RawOperands&);  // more than one
bool apart_in_join(const RawOperands&);    // along another axis
bool apart_in_sums(const RawOperands&);    // over other axes
bool apart_in_border(const RawOperands&);  // of other axes
bool apart_in_order(const RawOperands&);   // axis 0 stays first
}  // namespace frames

}  // namespace shoal

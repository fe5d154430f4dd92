// Between the file's tensors and the rows that a node takes and gives: types,
// axis orders, quantization of float inputs and outputs. The holder of the
// frame does this, one row at a time; no second copy of the frame is made.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "host/lower/net.h"
#include "host/model/graph/graph.h"

namespace shoal {

// Returns the bytes of an element of an input or output on nodes.
int node_bytes(const Graph&, const NetIo&);
// Returns the bytes of all inputs, or outputs, of the model together, in the
// file's types.
int64_t input_bytes(const Graph&);
int64_t output_bytes(const Graph&);
// Throws Error(kUsage) unless `bytes` are those of the inputs of a frame of the
// net, which may be several of its model (host/lower/batch.h).
void check_input_bytes(const Graph&, const Net&, size_t bytes);

// Where element i of a row-major box lies in the file's tensor.
class ElementOrder {
 public:
  ElementOrder(const Shape& shape, const std::vector<int>& perm);
  // The file's element numbers of placed elements [first, first + count).
  void map(int64_t first, int64_t count, std::vector<int64_t>& out) const;
  bool identity() const { return identity_; }

 private:
  bool identity_;
  std::vector<int64_t> sizes_, strides_;  // of the placed axes
};

// The part that reading and writing share.
class FrameRows {
 public:
  int rows() const { return rows_; }
  int64_t row_bytes() const { return row_elements_ * width_; }

 protected:
  // `bytes`: of the frame; must be the tensor's, in the file's type. Of a
  // batch: frame_io() of one of its frames.
  FrameRows(const Graph&, const NetIo&, size_t bytes);
  // Returns the file's element numbers of the row's elements.
  const std::vector<int64_t>& elements(int row);
  uint8_t flip() const {
    return io_.conversion == Conversion::kFlip ? 0x80 : 0;
  }

  const NetIo io_;
  ElementOrder order_;
  int rows_;
  int64_t row_elements_;
  int width_;  // bytes of an element on nodes

 private:
  std::vector<int64_t> index_;
};

class FrameReader : public FrameRows {
 public:
  // `bytes`: the input's bytes in the file's type; must outlive the reader.
  FrameReader(const Graph& graph, const NetIo& io,
              std::span<const uint8_t> bytes)
      : FrameRows(graph, io, bytes.size()), bytes_(bytes) {}
  // Row `row` as the node wants it, row_bytes() of it.
  void read(int row, int8_t* out);

 private:
  void read_wide(int row, int8_t* out);

  std::span<const uint8_t> bytes_;
};

class FrameWriter : public FrameRows {
 public:
  // `bytes`: where the output's bytes go, in the file's type, exactly sized.
  FrameWriter(const Graph&, const NetIo&, std::span<uint8_t> bytes);
  void write(int row, const int8_t* in);

 private:
  void put(size_t element, int number);
  void write_wide(int row, const int8_t* in);

  std::span<uint8_t> bytes_;
  Type type_;
  int digits_ = 0;  // of a number, of Conversion::kDigits
};

// A whole frame as a node takes or gives it: of each input, or output, all rows
// one after another, int8.
using NodeRows = std::vector<std::vector<uint8_t>>;

// `input`: all inputs one after another in the file's types. Throws
// Error(kUsage) if its size is wrong.
NodeRows input_rows(const Graph&, const Net&, std::span<const uint8_t> input);
// Returns all outputs one after another in the file's types. Throws
// Error(kNode) if there are too few rows.
std::vector<uint8_t> file_outputs(const Graph&, const Net&, const NodeRows&);

}  // namespace shoal

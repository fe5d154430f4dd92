// Between the file's tensors and the rows that a node takes and gives: types,
// axis orders, quantization of float inputs and outputs. Done by whoever
// holds the frame, one row at a time; no second copy of the frame is made.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "host/graph/graph.h"
#include "host/lower/net.h"

namespace shoal {

// Where element i of a row-major box lies in the file's tensor.
class ElementOrder {
 public:
  ElementOrder(const Shape& shape, const std::vector<int>& perm);
  // The file's element numbers of stored elements [first, first + count).
  void map(int64_t first, int64_t count, std::vector<int64_t>& out) const;
  bool identity() const { return identity_; }

 private:
  bool identity_;
  std::vector<int64_t> sizes_, strides_;  // of the stored axes
};

class FrameReader {
 public:
  // `bytes`: the input's bytes in the file's type; must outlive the reader.
  FrameReader(const Graph&, const NetIo&, std::span<const uint8_t> bytes);
  int rows() const { return rows_; }
  int64_t row_bytes() const { return row_elements_; }
  // Row `row` as the node wants it: int8, row_bytes() of them.
  void read(int row, int8_t* out);

 private:
  const NetIo& io_;
  std::span<const uint8_t> bytes_;
  ElementOrder order_;
  int rows_;
  int64_t row_elements_;
  std::vector<int64_t> index_;
};

class FrameWriter {
 public:
  // `bytes`: where the output's bytes go, in the file's type, exactly sized.
  FrameWriter(const Graph&, const NetIo&, std::span<uint8_t> bytes);
  int rows() const { return rows_; }
  int64_t row_bytes() const { return row_elements_; }
  void write(int row, const int8_t* in);

 private:
  const NetIo& io_;
  std::span<uint8_t> bytes_;
  ElementOrder order_;
  int rows_;
  int64_t row_elements_;
  std::vector<int64_t> index_;
};

}  // namespace shoal

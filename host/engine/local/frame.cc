#include "host/engine/local/frame.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "host/base/error.h"
#include "host/model/graph/quantize.h"

namespace shoal {
namespace {

const Tensor& file_tensor(const Graph& graph, const NetIo& io) {
  return graph.tensors[static_cast<size_t>(io.file_tensor)];
}

}  // namespace

ElementOrder::ElementOrder(const Shape& shape, const std::vector<int>& perm)
    : identity_(perm.empty() || std::is_sorted(perm.begin(), perm.end())) {
  if (identity_) return;
  std::vector<int64_t> file_strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) {
    file_strides[i - 1] = file_strides[i] * shape[i];
  }
  for (const int axis : perm) {
    sizes_.push_back(shape[static_cast<size_t>(axis)]);
    strides_.push_back(file_strides[static_cast<size_t>(axis)]);
  }
}

void ElementOrder::map(int64_t first, int64_t count,
                       std::vector<int64_t>& out) const {
  out.resize(static_cast<size_t>(count));
  if (identity_) {
    std::iota(out.begin(), out.end(), first);
    return;
  }
  std::vector<int64_t> position(sizes_.size());
  int64_t rest = first, at = 0;
  for (size_t i = sizes_.size(); i-- > 0;) {
    position[i] = rest % sizes_[i];
    rest /= sizes_[i];
    at += position[i] * strides_[i];
  }
  for (int64_t& index : out) {
    index = at;
    for (size_t i = sizes_.size(); i-- > 0;) {
      at += strides_[i];
      if (++position[i] < sizes_[i]) break;
      at -= strides_[i] * sizes_[i];
      position[i] = 0;
    }
  }
}

FrameRows::FrameRows(const Graph& graph, const NetIo& io, size_t bytes)
    : io_(io),
      order_(file_tensor(graph, io).shape, io.stored.perm),
      rows_(io.stored.view.box.rows()),
      row_elements_(int64_t{1} * io.stored.view.box.columns() *
                    io.stored.view.box.channels()) {
  const Tensor& t = file_tensor(graph, io);
  if (static_cast<int64_t>(bytes) !=
      element_count(t.shape) * type_bytes(t.type)) {
    throw Error(Exit::kInternal, "a frame of the wrong size");
  }
}

const std::vector<int64_t>& FrameRows::elements(int row) {
  order_.map(row * row_elements_, row_elements_, index_);
  return index_;
}

void FrameReader::read(int row, int8_t* out) {
  if (order_.identity() && io_.conversion != Conversion::kQuantize) {
    const uint8_t* const from =
        bytes_.data() + static_cast<size_t>(row * row_elements_);
    for (int64_t i = 0; i < row_elements_; ++i) {
      out[i] = static_cast<int8_t>(from[i] ^ flip());
    }
    return;
  }
  for (const int64_t element : elements(row)) {
    const size_t at = static_cast<size_t>(element);
    if (io_.conversion == Conversion::kQuantize) {
      float value;
      std::memcpy(&value, &bytes_[at * sizeof value], sizeof value);
      *out++ = quantize_float(value, io_.scale, io_.zero);
    } else {
      *out++ = static_cast<int8_t>(bytes_[at] ^ flip());
    }
  }
}

void FrameWriter::write(int row, const int8_t* in) {
  for (const int64_t element : elements(row)) {
    const size_t at = static_cast<size_t>(element);
    if (io_.conversion == Conversion::kQuantize) {
      const float value = dequantize(*in++, io_.scale, io_.zero);
      std::memcpy(&bytes_[at * sizeof value], &value, sizeof value);
    } else {
      bytes_[at] = static_cast<uint8_t>(static_cast<uint8_t>(*in++) ^ flip());
    }
  }
}

}  // namespace shoal

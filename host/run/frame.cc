#include "host/run/frame.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "host/base/error.h"
#include "host/graph/quantize.h"

namespace shoal {
namespace {

const Tensor& file_tensor(const Graph& graph, const NetIo& io) {
  return graph.tensors[static_cast<size_t>(io.file_tensor)];
}

int64_t file_bytes(const Graph& graph, const NetIo& io) {
  const Tensor& t = file_tensor(graph, io);
  return element_count(t.shape) * type_bytes(t.type);
}

void require(bool ok, const char* what) {
  if (!ok) throw Error(Exit::kInternal, what);
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

FrameReader::FrameReader(const Graph& graph, const NetIo& io,
                         std::span<const uint8_t> bytes)
    : io_(io),
      bytes_(bytes),
      order_(file_tensor(graph, io).shape, io.stored.perm),
      rows_(io.stored.view.box.rows()),
      row_elements_(int64_t{1} * io.stored.view.box.columns() *
                    io.stored.view.box.channels()) {
  require(static_cast<int64_t>(bytes.size()) == file_bytes(graph, io),
          "an input frame of the wrong size");
}

void FrameReader::read(int row, int8_t* out) {
  const int64_t first = row * row_elements_;
  if (order_.identity() && io_.conversion != Conversion::kQuantize) {
    const uint8_t flip = io_.conversion == Conversion::kFlip ? 0x80 : 0;
    for (int64_t i = 0; i < row_elements_; ++i) {
      out[i] =
          static_cast<int8_t>(bytes_[static_cast<size_t>(first + i)] ^ flip);
    }
    return;
  }
  order_.map(first, row_elements_, index_);
  for (size_t i = 0; i < index_.size(); ++i) {
    const size_t at = static_cast<size_t>(index_[i]);
    if (io_.conversion == Conversion::kQuantize) {
      float value;
      std::memcpy(&value, &bytes_[at * sizeof value], sizeof value);
      out[i] = quantize_float(value, io_.scale, io_.zero);
    } else {
      const uint8_t flip = io_.conversion == Conversion::kFlip ? 0x80 : 0;
      out[i] = static_cast<int8_t>(bytes_[at] ^ flip);
    }
  }
}

FrameWriter::FrameWriter(const Graph& graph, const NetIo& io,
                         std::span<uint8_t> bytes)
    : io_(io),
      bytes_(bytes),
      order_(file_tensor(graph, io).shape, io.stored.perm),
      rows_(io.stored.view.box.rows()),
      row_elements_(int64_t{1} * io.stored.view.box.columns() *
                    io.stored.view.box.channels()) {
  require(static_cast<int64_t>(bytes.size()) == file_bytes(graph, io),
          "an output frame of the wrong size");
}

void FrameWriter::write(int row, const int8_t* in) {
  order_.map(row * row_elements_, row_elements_, index_);
  for (size_t i = 0; i < index_.size(); ++i) {
    const size_t at = static_cast<size_t>(index_[i]);
    if (io_.conversion == Conversion::kQuantize) {
      const float value = dequantize(in[i], io_.scale, io_.zero);
      std::memcpy(&bytes_[at * sizeof value], &value, sizeof value);
    } else {
      const uint8_t flip = io_.conversion == Conversion::kFlip ? 0x80 : 0;
      bytes_[at] = static_cast<uint8_t>(static_cast<uint8_t>(in[i]) ^ flip);
    }
  }
}

}  // namespace shoal

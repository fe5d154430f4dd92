#include "host/engine/common/frame.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>

#include "host/base/error.h"
#include "host/model/graph/digits.h"
#include "host/model/graph/quantize.h"
#include "host/model/graph/wide.h"

namespace shoal {
namespace {

const Tensor& file_tensor(const Graph& graph, const NetIo& io) {
  return graph.tensors[static_cast<size_t>(io.file_tensor)];
}

int64_t sum_bytes(const Graph& graph, const std::vector<int>& tensors) {
  int64_t sum = 0;
  for (const int i : tensors) {
    const Tensor& t = graph.tensors[static_cast<size_t>(i)];
    sum += element_count(t.shape) * type_bytes(t.type);
  }
  return sum;
}

size_t file_bytes_of(const Graph& graph, const NetIo& io) {
  return static_cast<size_t>(sum_bytes(graph, {io.file_tensor}));
}

}  // namespace

int node_bytes(const Graph& graph, const NetIo& io) {
  const bool wide = io.conversion == Conversion::kQuantize16 ||
                    is_int16(file_tensor(graph, io));
  return wide ? 2 : 1;
}

int64_t input_bytes(const Graph& graph) {
  return sum_bytes(graph, graph.inputs);
}

int64_t output_bytes(const Graph& graph) {
  return sum_bytes(graph, graph.outputs);
}

void check_input_bytes(const Graph& graph, const Net& net, size_t bytes) {
  const int64_t wanted = net.frames * input_bytes(graph);
  if (static_cast<int64_t>(bytes) == wanted) return;
  throw Error(Exit::kUsage,
              (net.frames > 1 ? "the inputs of " + std::to_string(net.frames) +
                                    " frames have "
                              : "the input has ") +
                  std::to_string(bytes) + " bytes, the model takes " +
                  std::to_string(wanted));
}

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

FrameWriter::FrameWriter(const Graph& graph, const NetIo& io,
                         std::span<uint8_t> bytes)
    : FrameRows(graph, io, bytes.size()),
      bytes_(bytes),
      type_(file_tensor(graph, io).type) {
  if (io.conversion != Conversion::kDigits) return;
  digits_ = static_cast<int>(rows_ * row_elements_ /
                             element_count(file_tensor(graph, io).shape));
}

FrameRows::FrameRows(const Graph& graph, const NetIo& io, size_t bytes)
    : io_(io),
      order_(file_tensor(graph, io).shape, io.place.perm),
      rows_(io.place.view.box.rows()),
      row_elements_(int64_t{1} * io.place.view.box.columns() *
                    io.place.view.box.channels()),
      width_(node_bytes(graph, io)) {
  if (bytes != file_bytes_of(graph, io)) {
    throw Error(Exit::kInternal, "a frame of the wrong size");
  }
}

const std::vector<int64_t>& FrameRows::elements(int row) {
  order_.map(row * row_elements_, row_elements_, index_);
  return index_;
}

void FrameReader::read(int row, int8_t* out) {
  if (width_ == 2) return read_wide(row, out);
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

void FrameReader::read_wide(int row, int8_t* out) {
  for (const int64_t element : elements(row)) {
    const auto at = static_cast<size_t>(element);
    int16_t value = 0;
    if (io_.conversion == Conversion::kQuantize16) {
      float real = 0;
      std::memcpy(&real, &bytes_[at * sizeof real], sizeof real);
      value = quantize_to_int16(real, io_.scale);
    } else {
      std::memcpy(&value, &bytes_[at * sizeof value], sizeof value);
    }
    std::memcpy(out, &value, sizeof value);
    out += sizeof value;
  }
}

void FrameWriter::write_wide(int row, const int8_t* in) {
  for (const int64_t element : elements(row)) {
    const auto at = static_cast<size_t>(element);
    int16_t value = 0;
    std::memcpy(&value, in, sizeof value);
    in += sizeof value;
    if (io_.conversion == Conversion::kQuantize16) {
      const auto real = static_cast<float>(double{io_.scale} * value);
      std::memcpy(&bytes_[at * sizeof real], &real, sizeof real);
    } else {
      std::memcpy(&bytes_[at * sizeof value], &value, sizeof value);
    }
  }
}

void FrameWriter::put(size_t element, int number) {
  const auto store = [&](auto value) {
    std::memcpy(&bytes_[element * sizeof value], &value, sizeof value);
  };
  if (type_ == Type::kInt64) return store(int64_t{number});
  if (type_ == Type::kInt32) return store(int32_t{number});
  store(static_cast<float>(number));
}

void FrameWriter::write(int row, const int8_t* in) {
  if (width_ == 2) return write_wide(row, in);
  if (io_.conversion == Conversion::kPlace) {
    const auto first = static_cast<size_t>(row * row_elements_ / 2);
    for (size_t i = 0; i < static_cast<size_t>(row_elements_ / 2); ++i) {
      const auto low = static_cast<uint8_t>(in[2 * i]);
      const auto high = static_cast<uint8_t>(in[2 * i + 1]);
      put(first + i, low + 256 * high);
    }
    return;
  }
  if (io_.conversion == Conversion::kDigits) {
    const int64_t first = row * row_elements_ / digits_;
    for (int64_t i = 0; i < row_elements_ / digits_; ++i, in += digits_) {
      put(static_cast<size_t>(first + i), number_of_digits(in, digits_));
    }
    return;
  }
  for (const int64_t element : elements(row)) {
    const size_t at = static_cast<size_t>(element);
    if (io_.conversion == Conversion::kNumber) {
      put(at, *in++);
    } else if (io_.conversion == Conversion::kQuantize) {
      const float value = dequantize(*in++, io_.scale, io_.zero);
      std::memcpy(&bytes_[at * sizeof value], &value, sizeof value);
    } else {
      bytes_[at] = static_cast<uint8_t>(static_cast<uint8_t>(*in++) ^ flip());
    }
  }
}

NodeRows input_rows(const Graph& graph, const Net& net,
                    std::span<const uint8_t> input) {
  check_input_bytes(graph, net, input.size());
  NodeRows all;
  size_t at = 0;
  for (const NetIo& io : net.inputs) {
    const size_t bytes = file_bytes_of(graph, io);
    FrameReader reader(graph, io, input.subspan(at, bytes));
    std::vector<uint8_t>& rows = all.emplace_back(
        static_cast<size_t>(reader.rows() * reader.row_bytes()));
    auto* const to = reinterpret_cast<int8_t*>(rows.data());
    for (int y = 0; y < reader.rows(); ++y) {
      reader.read(y, to + y * reader.row_bytes());
    }
    at += bytes;
  }
  return all;
}

std::vector<uint8_t> file_outputs(const Graph& graph, const Net& net,
                                  const NodeRows& rows) {
  std::vector<uint8_t> all(static_cast<size_t>(output_bytes(graph)));
  size_t at = 0;
  for (size_t o = 0; o < net.outputs.size(); ++o) {
    const NetIo& io = net.outputs[o];
    const size_t bytes = file_bytes_of(graph, io);
    FrameWriter writer(graph, io, std::span(all).subspan(at, bytes));
    const auto row_bytes = static_cast<size_t>(writer.row_bytes());
    const auto count = static_cast<size_t>(writer.rows());
    if (o >= rows.size() || rows[o].size() != row_bytes * count) {
      throw Error(Exit::kNode, "an output has the wrong size");
    }
    const auto* const from = reinterpret_cast<const int8_t*>(rows[o].data());
    for (size_t y = 0; y < count; ++y) {
      writer.write(static_cast<int>(y), from + y * row_bytes);
    }
    at += bytes;
  }
  return all;
}

}  // namespace shoal

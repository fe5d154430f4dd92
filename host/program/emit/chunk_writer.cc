#include "host/program/emit/chunk_writer.h"

#include <functional>
#include <string_view>

#include "device/program/chunk.h"
#include "host/base/error.h"
#include "host/program/emit/byte_writer.h"

namespace shoal {
namespace {

class Cutter {
 public:
  Cutter(const Layer& layer, const ChunkCut& cut) : layer_(layer), cut_(cut) {}

  std::vector<uint8_t> bytes() {
    switch (layer_.op) {
      case OpCode::kConv:
      case OpCode::kTransposeConv:
        put_conv();
        break;
      case OpCode::kDepthwise:
        put_depthwise();
        break;
      case OpCode::kLstm:
      case OpCode::kCell:
        put_units();
        break;
      case OpCode::kLut:
        put_values(0, 256);
        break;
      case OpCode::kConstant:
        put_rows();
        break;
      default:
        break;
    }
    writer_.pad(4);
    if (layer_.weights.int4) pack();
    if (has_quantized_chunk(layer_.op)) put_quantization();
    return writer_.take();
  }

 private:
  void put_values(int64_t first, int64_t count) {
    const auto& values = layer_.weights.values;
    if (first < 0 || count < 0 ||
        first + count > static_cast<int64_t>(values.size())) {
      throw Error(Exit::kInternal,
                  "layer " + layer_.name + ": a chunk leaves its weights");
    }
    writer_.put_all(std::vector<int8_t>(values.begin() + first,
                                        values.begin() + first + count));
  }

  // Two weights a byte; zeros behind the last one.
  void pack() {
    std::vector<uint8_t> values = writer_.take();
    values.resize((values.size() + 7) / 8 * 8);
    writer_ = {};
    for (size_t group = 0; group < values.size(); group += 8) {
      for (size_t k = group; k < group + 4; ++k) {
        writer_.put(
            static_cast<uint8_t>((values[k] & 15) | values[k + 4] << 4));
      }
    }
  }

  void put_conv() {
    const int64_t channels = layer_.in[0].box.channels();
    const int64_t row = layer_.kernel_w * channels;
    for (int o = cut_.out0; o < cut_.out0 + cut_.out_n; ++o) {
      for (int ky = cut_.ky0; ky < cut_.ky0 + cut_.ky_n; ++ky) {
        const int64_t start = (int64_t{o} * layer_.kernel_h + ky) * row;
        if (cut_.in_n == channels) {
          put_values(start, row);
          continue;
        }
        for (int kx = 0; kx < layer_.kernel_w; ++kx) {
          put_values(start + kx * channels + cut_.in0, cut_.in_n);
        }
      }
    }
  }

  void put_depthwise() {
    const int64_t channels = layer_.out.box.channels();
    for (int ky = cut_.ky0; ky < cut_.ky0 + cut_.ky_n; ++ky) {
      for (int kx = 0; kx < layer_.kernel_w; ++kx) {
        const int64_t tap = int64_t{ky} * layer_.kernel_w + kx;
        put_values(tap * channels + cut_.out0, cut_.out_n);
      }
    }
  }

  void put_units() {
    const auto unit = static_cast<int64_t>(layer_.weights.values.size()) /
                      layer_.out.box.channels();
    put_values(cut_.out0 * unit, cut_.out_n * unit);
  }

  void put_rows() {
    const Box& box = layer_.out.box;
    const int64_t width = layer_.is_wide ? 2 : 1;
    for (int y = cut_.out0; y < cut_.out0 + cut_.out_n; ++y) {
      for (int x = cut_.column0; x < cut_.column0 + cut_.column_n; ++x) {
        const int64_t pixel = int64_t{y} * box.columns() + x;
        put_values(width * (pixel * box.channels() + cut_.channel0),
                   width * cut_.channel_n);
      }
    }
  }

  void put_quantization() {
    put_channels(layer_.weights.bias);
    put_channels(layer_.weights.multipliers);
    put_channels(layer_.weights.shifts);
    writer_.pad(4);
  }

  template <class T>
  void put_channels(const std::vector<T>& values) {
    if (cut_.out0 < 0 ||
        cut_.out0 + cut_.out_n > static_cast<int>(values.size())) {
      throw Error(Exit::kInternal,
                  "layer " + layer_.name + ": a chunk leaves its channels");
    }
    const auto first = values.begin() + cut_.out0;
    writer_.put_all(std::vector<T>(first, first + cut_.out_n));
  }

  const Layer& layer_;
  const ChunkCut& cut_;
  ByteWriter writer_;
};

}  // namespace

std::vector<uint8_t> chunk_bytes(const Layer& layer, const ChunkCut& cut) {
  return Cutter(layer, cut).bytes();
}

uint32_t ChunkPool::add(const Layer& layer, const ChunkCut& cut, bool on_tape) {
  const std::vector<uint8_t> bytes = chunk_bytes(layer, cut);
  const size_t hash = std::hash<std::string_view>{}(
      {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const auto [first, end] = numbers_.equal_range(hash);
  for (auto at = first; at != end; ++at) {
    const Chunk& other = chunks_[at->second];
    if (other.on_tape == on_tape && other.bytes == bytes.size() &&
        content(at->second) == bytes) {
      return at->second;
    }
  }
  numbers_.emplace(hash, size());
  chunks_.push_back(
      {&layer, cut, static_cast<uint32_t>(bytes.size()), on_tape});
  return size() - 1;
}

std::vector<uint8_t> ChunkPool::content(uint32_t chunk) const {
  return chunk_bytes(*chunks_[chunk].layer, chunks_[chunk].cut);
}

}  // namespace shoal

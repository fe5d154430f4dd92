// Weights of four bits, two in a byte, the first one in its low nibble. The
// kernels of TensorFlow Lite Micro unpack them and compute as with bytes, and
// so do all passes and the oracle; what lies in images is packed again.
#include <map>

#include "host/base/error.h"
#include "host/model/import/raw_passes.h"

namespace shoal {
namespace {

uint8_t with_sign(int nibble) {
  return static_cast<uint8_t>(nibble < 8 ? nibble : nibble - 16);
}

std::vector<uint8_t> unpacked(std::span<const uint8_t> bytes, size_t count) {
  std::vector<uint8_t> out(count);
  for (size_t i = 0; i < count; ++i) {
    const int byte = bytes[i / 2];
    out[i] = with_sign(i % 2 == 0 ? byte & 15 : byte >> 4);
  }
  return out;
}

class Unpacking {
 public:
  Unpacking(RawModel& raw, MadeBytes& made, size_t most_bytes,
            const std::string& name)
      : raw_(raw), made_(made), left_(most_bytes), name_(name) {}

  void run() {
    for (size_t i = 0; i < raw_.tensors.size(); ++i) {
      RawTensor& t = raw_.tensors[i];
      if (t.type != kCodeInt4 || t.buffer >= raw_.buffers.size() ||
          raw_.buffers[t.buffer].empty()) {
        continue;
      }
      t.buffer = bytes_of(t, tensor_title(raw_, static_cast<int>(i)));
      t.type = kCodeInt8;
      t.int4 = true;
    }
  }

 private:
  size_t elements_of(const RawTensor& t, const std::string& title) const {
    constexpr int64_t kMost = int64_t{1} << 31;
    int64_t count = 1;
    for (const int size : t.shape) {
      if (size < 1)
        fail(Exit::kCorrupt, title, text("size ", size, " of an axis"));
      count *= size;
      if (count >= kMost) {
        fail(Exit::kUnsupported, title, "more than 2^31 bytes");
      }
    }
    return static_cast<size_t>(count);
  }

  // Returns the buffer's number.
  uint32_t bytes_of(const RawTensor& t, const std::string& title) {
    const size_t count = elements_of(t, title), needed = (count + 1) / 2;
    const auto bytes = raw_.buffers[t.buffer];
    if (bytes.size() != needed) {
      fail(Exit::kCorrupt, title,
           text("has ", bytes.size(), " bytes of data, ", shape_text(t.shape),
                " INT4 needs ", needed));
    }
    const auto [made, is_new] = unpacked_.try_emplace(
        {t.buffer, count}, static_cast<uint32_t>(raw_.buffers.size()));
    if (is_new) {
      if (count > left_) {
        fail(Exit::kDoesNotFit, title,
             "unfolds to more bytes than memory has for it");
      }
      left_ -= count;
      made_.push_back(unpacked(bytes, count));
      raw_.buffers.emplace_back(made_.back());
    }
    return made->second;
  }

  [[noreturn]] void fail(Exit code, const std::string& title,
                         const std::string& reason) const {
    throw Error(code, name_ + ": " + title + ": " + reason);
  }

  RawModel& raw_;
  MadeBytes& made_;
  size_t left_;
  const std::string& name_;
  std::map<std::pair<uint32_t, size_t>, uint32_t> unpacked_;  // buffers
};

}  // namespace

void unpack_int4(RawModel& raw, MadeBytes& made, size_t most_bytes,
                 const std::string& name) {
  Unpacking(raw, made, most_bytes, name).run();
}

}  // namespace shoal

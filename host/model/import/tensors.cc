// Tensors of the file: types, shapes, quantization, constants; uint8 turns
// into int8 here.
#include <algorithm>
#include <cmath>
#include <limits>

#include "host/model/import/op_reader.h"

namespace shoal {
namespace {

constexpr float kMaxScale = 0x1p60f;
constexpr size_t kMaxRank = 6;

class TensorReader {
 public:
  TensorReader(const RawModel& raw, int number, const std::string& name)
      : raw_(raw),
        t_(raw.tensors[static_cast<size_t>(number)]),
        number_(number),
        name_(name) {}

  // `left`: bytes of constants that the file's size still justifies.
  Tensor read(size_t& left) {
    Tensor out;
    out.name = t_.name;
    out.file_type = file_type();
    out.type = out.file_type;
    out.shape = shape(type_bytes(out.file_type));
    read_quantization(out);
    read_data(out, left);
    shift(out);
    return out;
  }

 private:
  [[noreturn]] void corrupt(const std::string& reason) const {
    throw Error(Exit::kCorrupt,
                name_ + ": " + tensor_title(raw_, number_) + ": " + reason);
  }
  [[noreturn]] void unsupported(const std::string& reason) const {
    throw Error(Exit::kUnsupported,
                name_ + ": " + tensor_title(raw_, number_) + ": " + reason);
  }

  Type file_type() const {
    switch (t_.type) {
      case kCodeFloat32:
        return Type::kFloat32;
      case kCodeInt32:
        return Type::kInt32;
      case kCodeInt64:
        return Type::kInt64;
      case kCodeUint8:
        return Type::kUint8;
      case kCodeInt16:
        return Type::kInt16;
      case kCodeBool:
        return Type::kBool;
      case kCodeInt8:
        return t_.int4 ? Type::kInt4 : Type::kInt8;
      default:
        unsupported(text("type of number ", t_.type));
    }
  }

  Shape shape(int bytes) const {
    if (t_.sparsity) unsupported("sparse weights");
    if (t_.variable) unsupported("a variable that outlives a frame");
    if (t_.shape.size() > kMaxRank) {
      unsupported(text(t_.shape.size(), " axes, the limit is ", kMaxRank));
    }
    int64_t total = bytes;
    for (const int size : t_.shape) {
      if (size == -1)
        unsupported("an open shape; say the inputs' with --input-shape");
      if (size < 1) corrupt(text("size ", size, " of an axis"));
      total *= size;
      if (total > std::numeric_limits<int32_t>::max()) {
        unsupported("more than 2^31 bytes");
      }
    }
    check_signature();
    return t_.shape;
  }

  void check_signature() const {
    if (t_.signature.empty()) return;
    bool same = t_.signature.size() == t_.shape.size();
    for (size_t i = 0; same && i < t_.shape.size(); ++i) {
      same = t_.signature[i] == -1 || t_.signature[i] == t_.shape[i];
    }
    if (!same) {
      corrupt(text("shape ", shape_text(t_.shape),
                   " is not of the shape signature ",
                   shape_text(t_.signature)));
    }
  }

  // float32 and bool tensors may carry notes on scales; nothing reads them.
  void read_quantization(Tensor& out) const {
    const size_t scales = t_.scale.size();
    const bool real = out.type == Type::kFloat32 || out.type == Type::kBool;
    if (scales == 0 || real) return;
    if (t_.zero.size() != scales && t_.zero.size() != 1) {
      corrupt(text(scales, " scales but ", t_.zero.size(), " zero points"));
    }
    // A list has one axis, whatever the file says: converters write a bias
    // with the axis of its weights.
    const bool list = t_.shape.size() == 1;
    const int axis = list ? 0 : t_.axis;
    if (scales > 1) check_axis(scales, axis);
    for (const float scale : t_.scale) check_scale(scale, out.type);
    const auto [low, high] = zero_points(out.type);
    for (const int64_t zero : t_.zero) {
      if (zero < low || zero > high) {
        corrupt(text("zero point ", zero, " is outside ", low, "..", high));
      }
      if (out.type == Type::kInt16 && zero != 0) {
        unsupported(text("int16 with the zero point ", zero,
                         "; quantize with symmetric ranges, whose zero point "
                         "is 0"));
      }
      out.quant.zero.push_back(static_cast<int32_t>(zero));
    }
    out.quant.zero.resize(scales, out.quant.zero[0]);
    out.quant.scale = t_.scale;
    out.quant.axis = scales > 1 ? axis : 0;
  }

  static std::pair<int64_t, int64_t> zero_points(Type type) {
    switch (type) {
      case Type::kUint8:
        return {0, 255};
      case Type::kInt8:
        return {-128, 127};
      case Type::kInt4:
        return {-8, 7};
      default:
        return {std::numeric_limits<int32_t>::min(),
                std::numeric_limits<int32_t>::max()};
    }
  }

  void check_axis(size_t scales, int axis) const {
    if (axis < 0 || static_cast<size_t>(axis) >= t_.shape.size()) {
      corrupt(text("scales along axis ", axis, " of ", t_.shape.size()));
    }
    const int size = t_.shape[static_cast<size_t>(axis)];
    if (scales != static_cast<size_t>(size)) {
      corrupt(text(scales, " scales for ", size, " channels"));
    }
  }

  // Biases are in units of other scales; their own are not used.
  void check_scale(float scale, Type type) const {
    const bool bias = type == Type::kInt32 || type == Type::kInt64;
    const bool low = bias ? scale >= 0 : scale > 0;
    if (!low || !(scale <= kMaxScale)) {
      corrupt(text("scale ", scale, " is not a positive number up to 2^60"));
    }
  }

  void read_data(Tensor& out, size_t& left) const {
    if (t_.buffer >= raw_.buffers.size()) {
      corrupt(text("buffer ", t_.buffer, " of ", raw_.buffers.size()));
    }
    const auto bytes = raw_.buffers[t_.buffer];
    if (bytes.empty()) return;
    const auto expected = static_cast<size_t>(element_count(out.shape)) *
                          static_cast<size_t>(type_bytes(out.type));
    if (bytes.size() != expected) {
      corrupt(text("has ", bytes.size(), " bytes of data, ",
                   shape_text(out.shape), " ", type_name(out.type), " needs ",
                   expected));
    }
    if (expected > left) {
      throw Error(Exit::kDoesNotFit,
                  name_ +
                      ": constants that share buffers unfold to more bytes "
                      "than memory has for them");
    }
    left -= expected;
    out.constant = true;
    out.data.assign(bytes.begin(), bytes.end());
  }

  static void shift(Tensor& out) {
    if (out.type == Type::kBool) {
      out.type = Type::kInt8;
      out.quant = {{1.F}, {0}, 0};
      for (uint8_t& byte : out.data) byte = byte == 0 ? 0 : 1;
      return;
    }
    if (out.type == Type::kInt4) out.type = Type::kInt8;
    if (out.type != Type::kUint8 || out.quant.scale.empty()) return;
    out.type = Type::kInt8;
    for (int32_t& zero : out.quant.zero) zero -= 128;
    for (uint8_t& byte : out.data) byte ^= 0x80;
  }

  const RawModel& raw_;
  const RawTensor& t_;
  int number_;
  const std::string& name_;
};

}  // namespace

size_t most_constant_bytes(size_t file_bytes, int64_t asked) {
  return std::max(8 * file_bytes + 65536, static_cast<size_t>(asked));
}

std::vector<Tensor> convert_tensors(const RawModel& raw, size_t file_bytes,
                                    int64_t constant_bytes,
                                    const std::string& name) {
  size_t left = most_constant_bytes(file_bytes, constant_bytes);
  std::vector<Tensor> out;
  out.reserve(raw.tensors.size());
  for (size_t i = 0; i < raw.tensors.size(); ++i) {
    out.push_back(TensorReader(raw, static_cast<int>(i), name).read(left));
  }
  return out;
}

}  // namespace shoal

#include "host/data/array/npy.h"

#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/size.h"

namespace shoal {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kAlignment = 64;
constexpr size_t kMostAxes = 32;  // as NumPy has it
constexpr std::array<std::string_view, 10> kTypes = {
    "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"};

int64_t value_bytes(const std::string& type) { return type[1] - '0'; }

// The header's text: a Python dictionary of literals, of which NumPy writes
// exactly 'descr', 'fortran_order' and 'shape'.
class NpyHeader {
 public:
  NpyHeader(std::string_view text, const std::string& name)
      : text_(text), name_(name) {}

  Array read() {
    Array a;
    std::optional<bool> columns_first;
    bool shaped = false;
    expect('{');
    while (!accept('}')) {
      const std::string key = text();
      expect(':');
      if (key == "descr" && a.type.empty()) {
        a.type = type(text());
      } else if (key == "fortran_order" && !columns_first) {
        columns_first = truth();
      } else if (key == "shape" && !shaped) {
        a.shape = shape();
        shaped = true;
      } else {
        broken();
      }
      if (!accept(',') && peek() != '}') broken();
    }
    if (peek() != '\0' || a.type.empty() || !columns_first || !shaped) broken();
    if (*columns_first && a.shape.size() > 1) {
      throw Error(Exit::kUsage, name_ + ": the array lies in column order",
                  "save np.ascontiguousarray(a)");
    }
    return a;
  }

 private:
  [[noreturn]] void broken() const {
    throw Error(Exit::kCorrupt, name_ + ": broken .npy header at byte " +
                                    std::to_string(at_) + " of its text");
  }
  // The next character that is no space; '\0' at the end.
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) {
      ++at_;
    }
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) broken();
  }
  std::string text() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') broken();
    const size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) broken();
    const std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return std::string(inside);
  }
  bool truth() {
    peek();
    for (const std::string_view word : {"True", "False"}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return word == "True";
    }
    broken();
  }
  std::vector<int64_t> shape() {
    std::vector<int64_t> axes;
    expect('(');
    while (!accept(')')) {
      peek();
      int64_t n = -1;
      const char* const end = text_.data() + text_.size();
      const auto [stop, error] = std::from_chars(text_.data() + at_, end, n);
      if (error != std::errc() || n < 0 || axes.size() == kMostAxes) broken();
      at_ = static_cast<size_t>(stop - text_.data());
      axes.push_back(n);
      if (!accept(',') && peek() != ')') broken();
    }
    return axes;
  }
  std::string type(const std::string& descr) const {
    for (const std::string_view known : kTypes) {
      const bool bytes = known.ends_with('1');
      if (descr == "<" + std::string(known) ||
          (bytes && (descr == "|" + std::string(known) ||
                     descr == ">" + std::string(known)))) {
        return std::string(known);
      }
    }
    throw Error(Exit::kUsage,
                name_ + ": the values have type '" + printable(descr) + "'",
                "save them as int8, uint8 or float32, least significant byte "
                "first");
  }

  std::string_view text_;
  const std::string& name_;
  size_t at_ = 0;
};

template <typename T>
double read_as(const uint8_t* at) {
  T v;
  std::memcpy(&v, at, sizeof v);
  return static_cast<double>(v);
}

}  // namespace

std::string array_type(Type type) {
  switch (type) {
    case Type::kUint8:
    case Type::kBool:
      return "u1";
    case Type::kInt8:
    case Type::kInt4:
      return "i1";
    case Type::kInt16:
      return "i2";
    case Type::kInt32:
      return "i4";
    case Type::kFloat32:
      return "f4";
    case Type::kInt64:
      return "i8";
  }
  return "";
}

int64_t value_count(const Array& a) {
  int64_t count = 1;
  for (const int64_t n : a.shape) count *= n;
  return count;
}

double value_at(const Array& a, int64_t i) {
  const uint8_t* const at =
      &a.bytes[static_cast<size_t>(i * value_bytes(a.type))];
  if (a.type == "i1") return read_as<int8_t>(at);
  if (a.type == "i2") return read_as<int16_t>(at);
  if (a.type == "i4") return read_as<int32_t>(at);
  if (a.type == "i8") return read_as<int64_t>(at);
  if (a.type == "u1") return read_as<uint8_t>(at);
  if (a.type == "u2") return read_as<uint16_t>(at);
  if (a.type == "u4") return read_as<uint32_t>(at);
  if (a.type == "u8") return read_as<uint64_t>(at);
  return a.type == "f4" ? read_as<float>(at) : read_as<double>(at);
}

bool is_npy(std::span<const uint8_t> file) {
  return file.size() >= kMagic.size() &&
         std::memcmp(file.data(), kMagic.data(), kMagic.size()) == 0;
}

Array parse_npy(std::span<const uint8_t> file, const std::string& name) {
  const auto broken = [&](const std::string& why) -> Array {
    throw Error(Exit::kCorrupt, name + ": " + why);
  };
  if (!is_npy(file)) return broken("not a .npy file");
  if (file.size() < 10) return broken("a .npy file without its header");
  const int version = file[6];
  if (version < 1 || version > 3) {
    return broken("a .npy file of version " + std::to_string(version));
  }
  const size_t words = version == 1 ? 2 : 4;
  if (file.size() < 8 + words) return broken("a .npy file without its header");
  size_t length = 0;
  for (size_t i = 0; i < words; ++i) length |= size_t{file[8 + i]} << (8 * i);
  const size_t start = 8 + words;
  if (length > file.size() - start) {
    return broken("a .npy header that goes on past the end of the file");
  }
  const std::string text(
      file.begin() + static_cast<std::ptrdiff_t>(start),
      file.begin() + static_cast<std::ptrdiff_t>(start + length));
  Array a = NpyHeader(text, name).read();
  const auto left = static_cast<int64_t>(file.size() - start - length);
  int64_t bytes = value_bytes(a.type);
  for (const int64_t n : a.shape) {
    if (n != 0 && bytes > left / n)
      bytes = left + 1;  // more than there are
    else
      bytes *= n;
  }
  if (bytes != left) {
    return broken(format_count(left) + " bytes of values, the header says " +
                  (bytes > left ? "more" : format_count(bytes)));
  }
  a.bytes.assign(file.end() - left, file.end());
  return a;
}

std::vector<uint8_t> format_npy(const Array& a) {
  std::string shape;
  for (const int64_t n : a.shape) shape += std::to_string(n) + ", ";
  if (a.shape.size() > 1) shape.resize(shape.size() - 2);
  if (a.shape.size() == 1) shape.pop_back();
  std::string text = "{'descr': '" + std::string(a.type[1] == '1' ? "|" : "<") +
                     a.type + "', 'fortran_order': False, 'shape': (" + shape +
                     "), }";
  std::string head(kMagic);
  const size_t before = head.size() + 4;
  text.append(kAlignment - 1 - (before + text.size()) % kAlignment, ' ');
  text += '\n';
  head += '\1';
  head += '\0';
  head += static_cast<char>(text.size());
  head += static_cast<char>(text.size() >> 8);
  head += text;
  std::vector<uint8_t> file(head.begin(), head.end());
  file.insert(file.end(), a.bytes.begin(), a.bytes.end());
  return file;
}

}  // namespace shoal

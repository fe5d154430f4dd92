#include "host/plan/file/plan_key.h"

#include <bit>
#include <optional>
#include <type_traits>
#include <vector>

#include "host/oracle/golden/checksum.h"
#include "host/plan/file/request_fields.h"

namespace shoal {
namespace {

// Writes fields one behind the other. Values of variable length begin with
// their length, so that different values give different bytes.
class KeyBytes {
 public:
  template <class... T>
  void operator()(const T&... values) {
    (add(values), ...);
  }

  std::string checksum() const { return sha256_hex(bytes_); }

  template <class T>
  void add(const T& value) {
    if constexpr (std::is_floating_point_v<T>) {
      add_number(std::bit_cast<uint64_t>(double{value}));
    } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
      add_number(static_cast<uint64_t>(value));
    } else {
      fields(value, *this);
    }
  }
  void add(const std::string& text) {
    add(text.size());
    bytes_.insert(bytes_.end(), text.begin(), text.end());
  }
  void add(const Box& b) {
    for (const int v : {b.y0, b.y1, b.x0, b.x1, b.c0, b.c1}) add(v);
  }
  template <class T>
  void add(const std::optional<T>& value) {
    add(value.has_value());
    if (value) add(*value);
  }
  template <class T>
  void add(const std::vector<T>& values) {
    add(values.size());
    for (const T& v : values) add(v);
  }

 private:
  void add_number(uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) {
      bytes_.push_back(static_cast<uint8_t>(value >> shift));
    }
  }

  std::vector<uint8_t> bytes_;
};

}  // namespace

std::string net_key(const Net& net) {
  KeyBytes bytes;
  bytes.add(net);
  return bytes.checksum();
}

std::string request_key(const Net& net, const PlanRequest& request) {
  KeyBytes bytes;
  bytes.add(net);
  bytes.add(request);
  return bytes.checksum();
}

}  // namespace shoal

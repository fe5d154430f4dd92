#include "host/plan/types/radio_address.h"

#include <cctype>

namespace shoal {

bool is_radio(const std::string& address) {
  return address.starts_with(kRadioPrefix);
}

std::optional<RadioAddress> parse_radio(const std::string& address) {
  constexpr size_t kMacText = 17;
  const size_t mark = address.rfind('#');
  const size_t begin = std::string(kRadioPrefix).size();
  if (!is_radio(address) || mark == address.npos || mark <= begin ||
      address.size() - mark - 1 != kMacText) {
    return std::nullopt;
  }
  RadioAddress r{address.substr(begin, mark - begin), 0};
  for (size_t i = 0; i < kMacText; ++i) {
    const auto c = static_cast<unsigned char>(address[mark + 1 + i]);
    if (i % 3 == 2) {
      if (c != ':') return std::nullopt;
      continue;
    }
    if (!std::isxdigit(c)) return std::nullopt;
    const int lower = std::tolower(c);
    r.mac = r.mac << 4 | static_cast<uint64_t>(lower <= '9' ? lower - '0'
                                                            : lower - 'a' + 10);
  }
  // The lowest bit of the first byte is that of groups.
  if (r.mac == 0 || (r.mac >> 40 & 1) != 0) return std::nullopt;
  return r;
}

}  // namespace shoal

#include "host/data/image/pnm.h"

#include <algorithm>

namespace shoal {
namespace {

constexpr int kMostNumber = 1'000'000;

bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Returns the number at `at`, behind space and comments; moves behind it.
std::optional<int> take_number(std::span<const uint8_t> file, size_t& at) {
  while (at < file.size() && (is_space(file[at]) || file[at] == '#')) {
    const bool comment = file[at] == '#';
    while (comment && at < file.size() && file[at] != '\n' &&
           file[at] != '\r') {
      ++at;
    }
    if (at < file.size()) ++at;
  }
  int number = 0;
  const size_t start = at;
  for (; at < file.size() && file[at] >= '0' && file[at] <= '9'; ++at) {
    number = number * 10 + (file[at] - '0');
    if (number > kMostNumber) return std::nullopt;
  }
  if (at == start) return std::nullopt;
  return number;
}

}  // namespace

bool is_pnm(std::span<const uint8_t> file) {
  return file.size() >= 3 && file[0] == 'P' &&
         (file[1] == '5' || file[1] == '6') && is_space(file[2]);
}

std::optional<PnmHead> pnm_head(std::span<const uint8_t> file) {
  size_t at = 2;
  const std::optional<int> width = take_number(file, at);
  const std::optional<int> height = take_number(file, at);
  const std::optional<int> most = take_number(file, at);
  if (!width || !height || !most || *most < 1 || *most > 65535 ||
      at == file.size() || !is_space(file[at])) {
    return std::nullopt;
  }
  return PnmHead{*width, *height, *most, at + 1, file[1] == '6'};
}

std::optional<Picture> read_pnm(std::span<const uint8_t> file,
                                const PnmHead& head) {
  const size_t wide = head.most > 255 ? 2 : 1;
  const size_t values =
      static_cast<size_t>(head.width) * head.height * (head.colour ? 3 : 1);
  if (file.size() - head.bytes < values * wide) return std::nullopt;
  Picture picture{head.width, head.height, {}};
  picture.rgb.reserve(values * (head.colour ? 1 : 3));
  const uint8_t* from = &file[head.bytes] - wide;
  for (size_t i = 0; i < values; ++i) {
    from += wide;
    const int v = wide == 2 ? from[0] * 256 + from[1] : from[0];
    const int byte = (std::min(v, head.most) * 255 + head.most / 2) / head.most;
    picture.rgb.insert(picture.rgb.end(), head.colour ? 1 : 3,
                       static_cast<uint8_t>(byte));
  }
  return picture;
}

}  // namespace shoal

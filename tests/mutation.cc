#include "tests/mutation.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace shoal {
namespace {

using Bytes = std::vector<uint8_t>;

class Mutator {
 public:
  Mutator(Bytes& file, const Bytes& other, std::mt19937_64& random)
      : file_(file), other_(other), random_(random) {}

  void damage_bytes() {
    switch (below(10)) {
      case 0:
      case 1:
        return flip();
      case 2:
        return set_byte();
      case 3:
      case 4:
        return set_number();
      case 5:
        return cut();
      case 6:
        return swap_blocks();
      case 7:
        return double_block();
      case 8:
        return take_out();
      default:
        return splice();
    }
  }
  void damage_text() {
    constexpr std::string_view kPieces[] = {
        "-1",        "0",       "99999999999999999999",
        "1e999",     "nan",     "\"",
        "[",         "{",       "]]",
        "\n",        "\r\n",    " ",
        "=",         "\\u0000", "\xff",
        "0x7fffffff"};
    const std::string_view piece = kPieces[below(std::size(kPieces))];
    const size_t at = place();
    switch (below(3)) {
      case 0:
        file_.insert(here(at), piece.begin(), piece.end());
        return;
      case 1: {  // a digit
        const auto is_digit = [](uint8_t c) { return c >= '0' && c <= '9'; };
        const auto digit = std::find_if(here(at), file_.end(), is_digit);
        if (digit != file_.end()) {
          *digit = static_cast<uint8_t>('0' + below(10));
        }
        return;
      }
      default: {  // a line, twice
        const auto end = std::find(here(at), file_.end(), '\n');
        const Bytes line(here(at), end);
        file_.insert(end, line.begin(), line.end());
      }
    }
  }

 private:
  size_t below(size_t count) { return random_() % count; }
  Bytes::iterator here(size_t at) {
    return file_.begin() + static_cast<ptrdiff_t>(at);
  }
  // The ends of a file are structure, weights lie in the middle.
  size_t place() {
    constexpr size_t kEnd = 4096;
    const size_t bytes = file_.size();
    if (bytes == 0) return 0;
    const size_t near = below(std::min(bytes, kEnd));
    const size_t choice = below(4);
    if (choice == 0) return below(bytes);
    return choice == 1 ? near : bytes - 1 - near;
  }
  size_t length(size_t at) {
    const size_t most = file_.size() - at;
    return most == 0 ? 0 : 1 + below(std::min<size_t>(most, 1 + below(600)));
  }

  void flip() {
    for (size_t n = 1 + below(4); n > 0 && !file_.empty(); --n) {
      file_[place()] ^= static_cast<uint8_t>(1u << below(8));
    }
  }
  void set_byte() {
    constexpr uint8_t kValues[] = {0, 1, 0x7F, 0x80, 0xFF, 0xFE, 0x40, 0x10};
    if (!file_.empty()) file_[place()] = kValues[below(std::size(kValues))];
  }
  // A little-endian number of four or eight bytes: a length, an offset, a
  // dimension.
  void set_number() {
    const size_t bytes = below(4) == 0 ? 8 : 4;
    if (file_.size() < bytes) return;
    const size_t at = std::min(place(), file_.size() - bytes) & ~size_t{3};
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; ++i) {
      value |= static_cast<uint64_t>(file_[at + i]) << (8 * i);
    }
    const uint64_t values[] = {0,
                               1,
                               value + 1,
                               value - 1,
                               value * 2,
                               value / 2,
                               value << 8,
                               0x7FFFFFFF,
                               0xFFFFFFFF,
                               ~uint64_t{0},
                               0x80000000,
                               file_.size(),
                               file_.size() - at,
                               uint64_t{0} - at,
                               value ^ 0x10000,
                               random_()};
    value = values[below(std::size(values))];
    for (size_t i = 0; i < bytes; ++i) {
      file_[at + i] = static_cast<uint8_t>(value >> (8 * i));
    }
  }
  void cut() { file_.resize(below(2) ? place() : below(file_.size() + 1)); }
  void swap_blocks() {
    const size_t a = place(), b = place();
    const size_t bytes = std::min(length(a), length(b));
    if (a + bytes > b && b + bytes > a) return;
    std::swap_ranges(here(a), here(a + bytes), here(b));
  }
  void double_block() {
    const size_t from = place();
    const Bytes block(here(from), here(from + length(from)));
    const size_t to = place();
    if (below(2)) {
      file_.insert(here(to), block.begin(), block.end());
    } else {
      std::copy_n(block.begin(), std::min(block.size(), file_.size() - to),
                  here(to));
    }
  }
  void take_out() {
    const size_t at = place();
    file_.erase(here(at), here(at + length(at)));
  }
  void splice() {
    if (other_.empty()) return;
    const size_t from = below(other_.size());
    const size_t at = below(2) ? std::min(from, file_.size()) : place();
    file_.erase(here(at), file_.end());
    file_.insert(file_.end(), other_.begin() + static_cast<ptrdiff_t>(from),
                 other_.end());
  }

  Bytes& file_;
  const Bytes& other_;
  std::mt19937_64& random_;
};

}  // namespace

std::vector<uint8_t> mutated(const std::vector<uint8_t>& file,
                             const std::vector<uint8_t>& other, bool text,
                             std::mt19937_64& random) {
  std::vector<uint8_t> bytes = file;
  Mutator mutator(bytes, other, random);
  // Half of them in one place alone: the more, the earlier it is refused.
  auto times = 1 + (random() % 2 == 0 ? random() % 4 : 0);
  for (; times > 0; --times) {
    if (text && random() % 2) {
      mutator.damage_text();
    } else {
      mutator.damage_bytes();
    }
  }
  return bytes;
}

}  // namespace shoal

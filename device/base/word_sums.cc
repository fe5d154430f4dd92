#include "device/base/word_sums.h"

#include <cstring>

namespace shoal {
namespace {

constexpr uint32_t kWord = 4;

// Copies of the members stay in registers.
struct Running {
  uint32_t parity;
  uint64_t sum, weighted;
  void add(uint32_t word) {
    parity ^= word;
    sum += word;
    weighted += sum;
  }
};

uint32_t word_at(const void* bytes) {
  uint32_t word;
  std::memcpy(&word, bytes, kWord);
  return word;
}

uint32_t aligned_word_at(const uint8_t* bytes) {
  return word_at(__builtin_assume_aligned(bytes, kWord));
}

}  // namespace

void add_words(WordSums& sums, const uint8_t* bytes, uint32_t count) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
  Running r{sums.parity, sums.sum, sums.weighted};
  const uint8_t* const end = bytes + count / kWord * kWord;
  if (reinterpret_cast<uintptr_t>(bytes) % kWord == 0) {
    // By hand: compilers do not, and with more words registers run out.
    for (; end - bytes >= 16; bytes += 16) {
      r.add(aligned_word_at(bytes));
      r.add(aligned_word_at(bytes + 4));
      r.add(aligned_word_at(bytes + 8));
      r.add(aligned_word_at(bytes + 12));
    }
    for (; bytes != end; bytes += kWord) r.add(aligned_word_at(bytes));
  } else {
    for (; bytes != end; bytes += kWord) r.add(word_at(bytes));
  }
  if (count % kWord) {
    uint32_t word = 0;
    std::memcpy(&word, bytes, count % kWord);
    r.add(word);
  }
  sums = {r.parity, r.sum, r.weighted};
}

}  // namespace shoal

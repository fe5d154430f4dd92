#include "boards/node/left.h"

#include <cstddef>

#include "device/base/crc32c.h"
#include "device/base/wipe.h"

namespace shoal::left {
namespace {

constexpr uint32_t kFell = 0x4C4C4546;  // "FELL"

uint32_t crc_of(const FallNote& note) {
  return crc32c(0, reinterpret_cast<const uint8_t*>(&note),
                offsetof(FallNote, crc));
}

}  // namespace

FallLeft read_fall(const FallNote& note) {
  const bool there = note.magic == kFell && note.crc == crc_of(note);
  return there ? note.what : FallLeft{};
}
void forget_fall(FallNote& note) { wipe(&note, sizeof note); }
void leave_fall(FallNote& note, const FallLeft& f) {
  note.magic = kFell;
  note.what = f;
  note.crc = crc_of(note);
}

}  // namespace shoal::left

#include "boards/node/left.h"

#include <cstddef>
#include <cstring>

#include "device/base/crc32c.h"
#include "device/base/wipe.h"

namespace shoal::left {
namespace {

constexpr uint32_t kFell = 0x4C4C4546;  // "FELL"
constexpr uint32_t kSeed = 0x44454553;  // "SEED"

template <class T>
uint32_t crc_of(const Note<T>& note) {
  return crc32c(0, reinterpret_cast<const uint8_t*>(&note),
                offsetof(Note<T>, crc));
}

template <class T>
bool take(Note<T>& note, uint32_t magic, void* out) {
  const bool there = note.magic == magic && note.crc == crc_of(note);
  if (there) std::memcpy(out, &note.what, sizeof note.what);
  wipe(&note, sizeof note);
  return there;
}

template <class T>
void leave(Note<T>& note, uint32_t magic, const void* what) {
  note.magic = magic;
  std::memcpy(&note.what, what, sizeof note.what);
  note.crc = crc_of(note);
}

}  // namespace

FallLeft take_fall(FallNote& note) {
  FallLeft f;
  static_cast<void>(take(note, kFell, &f));
  return f;
}
void leave_fall(FallNote& note, const FallLeft& f) { leave(note, kFell, &f); }

bool take_seed(SeedNote& note, uint8_t (&seed)[32]) {
  return take(note, kSeed, seed);
}
void leave_seed(SeedNote& note, const uint8_t (&seed)[32]) {
  leave(note, kSeed, seed);
}

}  // namespace shoal::left

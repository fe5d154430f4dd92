#include "device/storage/directory.h"

#include <cstring>

#include "device/program/tag.h"

namespace shoal {
namespace {

// [offset, offset + bytes) lies behind the directory and inside the store.
bool inside(const Directory& d, uint32_t offset, uint32_t bytes) {
  return offset >= sizeof(Directory) && offset <= d.total_bytes &&
         bytes <= d.total_bytes - offset;
}

bool apart(uint32_t a, uint32_t a_bytes, uint32_t b, uint32_t b_bytes) {
  return a + a_bytes <= b || b + b_bytes <= a;
}

bool spill_makes_sense(const Directory& d) {
  if (d.spill_bytes == 0) return d.spill == 0;
  const uint32_t block = d.spill_erase_bytes;
  return block > 0 && d.spill_write_bytes > 0 &&
         block % d.spill_write_bytes == 0 && d.spill % block == 0 &&
         d.spill_bytes % block == 0 && d.program % block == 0 &&
         d.spill >= d.program && inside(d, d.spill, d.spill_bytes) &&
         apart(d.spill, d.spill_bytes, d.program, d.image_bytes) &&
         apart(d.spill, d.spill_bytes, d.input, d.input_bytes);
}

bool numbers_make_sense(const Directory& d) {
  if (d.reserved || d.reserved2 || d.node >= d.nodes ||
      d.total_bytes < sizeof d || d.program % kAlign || d.image_bytes == 0 ||
      !inside(d, d.program, d.image_bytes)) {
    return false;
  }
  if (d.input_bytes == 0
          ? d.frames != 0
          : d.frames == 0 || !inside(d, d.input, d.input_bytes) ||
                !apart(d.input, d.input_bytes, d.program, d.image_bytes)) {
    return false;
  }
  return spill_makes_sense(d);
}

bool is_board(const Directory& d, const char* board) {
  char id[sizeof d.board]{};
  for (size_t i = 0; i < sizeof id && board[i]; ++i) id[i] = board[i];
  return std::memcmp(d.board, id, sizeof id) == 0;
}

}  // namespace

void seal_directory(Directory& d) {
  make_tag(TagKind::kDirectory, 0, 0, reinterpret_cast<const uint8_t*>(&d),
           offsetof(Directory, tag), d.tag);
}

DirectoryFault check_directory(const uint8_t* bytes, uint32_t available,
                               uint64_t storage_bytes, const char* board,
                               Directory& out) {
  out = Directory{};
  if (available < sizeof out) return DirectoryFault::kTooShort;
  Directory d;
  std::memcpy(&d, bytes, sizeof d);
  if (d.magic != kDirectoryMagic) return DirectoryFault::kNoMagic;
  out = d;
  if (d.version != kDirectoryVersion) return DirectoryFault::kVersion;
  if (!tag_follows(TagKind::kDirectory, 0, 0,
                   reinterpret_cast<const uint8_t*>(&d),
                   offsetof(Directory, tag))) {
    return DirectoryFault::kDamaged;
  }
  if (board && !is_board(d, board)) return DirectoryFault::kOtherBoard;
  if (d.total_bytes > storage_bytes) return DirectoryFault::kTooLong;
  if (!numbers_make_sense(d)) return DirectoryFault::kNumbers;
  return DirectoryFault::kNone;
}

}  // namespace shoal

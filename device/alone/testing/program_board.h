// Tests start a board here with one program of its own. It takes others by wire
// into a flash in memory, and each start makes all of the board again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "device/alone/programs.h"
#include "device/storage/testing/memory_storage.h"

namespace shoal::test {

inline constexpr uint32_t kBlock = 1024, kUnit = 64;  // of its flash

// The memory of a board, which its starts have in common.
struct BoardMemory {
  const char* board;  // id
  MemoryStorage& flash;
  const uint8_t* image;  // of its own program
  uint32_t image_bytes;
  uint8_t* arena;
  uint32_t arena_bytes;
  uint8_t* kept;
  uint32_t kept_bytes;
};

class ProgramBoard {
 public:
  Networks networks{&table_, 1};
  AlonePrograms programs;

  // Takes a program in pieces, as a server does. `kept` gets the
  // bytes that were there already.
  alone::Said send(const uint8_t* program, uint32_t bytes, const uint8_t* hash,
                   uint32_t piece, uint32_t* kept = nullptr) {
    uint32_t at = 0;
    alone::Said said = programs.begin(program, bytes, hash, at);
    if (kept) *kept = at;
    while (said.is_good() && at < bytes) {
      const uint32_t some = std::min(piece, bytes - at);
      said = programs.write(at, program + at, some);
      at += some;
    }
    return said.is_good() ? programs.end(nullptr, nullptr) : said;
  }

 protected:
  // Opens the board's own program and what its flash keeps. `own` has the name
  // and the texts; `seal` is as in AloneProgramsConfig.
  alone::Said start(const BoardMemory& m, const AloneNetwork& own,
                    uint32_t most_ends, ProgramSeal* seal) {
    shoal_config config{};
    config.image = m.image;
    config.image_bytes = m.image_bytes;
    if (shoal_open(&node_, &config, m.arena, m.arena_bytes) != SHOAL_OK) {
      abort();
    }
    table_ = own;
    table_.node = &node_;
    table_.kept = m.kept;
    kept_bytes_ = m.kept_bytes;
    // Nobody waits for a storage without power.
    face_ = m.flash.face();
    face_.poll = [](void* user) {
      auto& of = *static_cast<MemoryStorage*>(user);
      return of.is_dead() ? -1 : of.face().poll(user);
    };
    AloneProgramsConfig c{};
    c.storage = &face_;
    c.bytes = static_cast<uint32_t>(m.flash.bytes().size());
    c.write_bytes = kUnit;
    c.erase_bytes = kBlock;
    c.mapped = m.flash.bytes().data();
    c.board = m.board;
    c.networks = &networks;
    c.table = &table_;
    c.kept_bytes = &kept_bytes_;
    c.most_ends = most_ends;
    c.arena = m.arena;
    c.arena_bytes = m.arena_bytes;
    c.nodes = sent_nodes_;
    c.seal = seal;
    return programs.open(c);
  }
  const AloneNetwork& table() const { return table_; }

 private:
  shoal_node node_{}, sent_nodes_[2] = {};
  AloneNetwork table_{};
  shoal_storage face_{};
  uint32_t kept_bytes_ = 0;
};

}  // namespace shoal::test

/// @file
/// Programs that a computer sends to a board that runs alone. Each replaces one
/// of the networks that the board was exported with. They stay in flash that
/// lies in memory, in two slots (device/storage/program_slots.h): while one
/// comes, the other is what the board computes with.
#pragma once

#include <cstdint>

#include "device/alone/networks.h"
#include "device/alone/seal.h"
#include "device/alone/sent.h"
#include "device/alone/taker.h"
#include "device/alone/wire.h"
#include "device/storage/program_slots.h"

namespace shoal {

/// Everything that it points to must outlive AlonePrograms.
struct AloneProgramsConfig {
  /// The flash. Its bytes from `at` on are for programs.
  const shoal_storage* storage;
  uint32_t at, bytes;
  uint32_t write_bytes, erase_bytes;
  bool replaces;          ///< as in ProgramSlotsConfig
  const uint8_t* mapped;  ///< where its offset 0 lies; a multiple of 16
  const char* board;      ///< id
  /// The networks, and their table as it was exported, all of them opened.
  Networks* networks;
  AloneNetwork* table;
  const uint32_t* kept_bytes;  ///< of the room for variables of each
  uint32_t most_ends;          ///< inputs and outputs of a network
  uint8_t* arena;
  uint32_t arena_bytes;
  shoal_node* nodes;  ///< two, for sent programs
  shoal_pair* pair;   ///< as in shoal_config
  /// Opens sealed programs. Then the board takes no others. Null: the board has
  /// no key.
  ProgramSeal* seal;
};

class AlonePrograms final : public ProgramTaker {
 public:
  AlonePrograms() = default;
  AlonePrograms(const AlonePrograms&) = delete;
  AlonePrograms& operator=(const AlonePrograms&) = delete;

  /// Finds the program that was sent last and puts it into the table. Returns
  /// the reason if there is one that cannot run, or if the flash fails; the
  /// networks are then those of the export.
  alone::Said open(const AloneProgramsConfig&);
  /// Returns whether a sent program is this network.
  bool is_sent(uint32_t network) const { return network == sent_; }

  alone::ProgramRoom room(uint32_t network) const override;
  alone::Said expect(const uint8_t* hash, uint32_t bytes,
                     uint32_t count) override;
  alone::Said unseal(uint32_t block, uint8_t* data, uint32_t bytes) override;
  alone::Said begin(const uint8_t* head, uint32_t bytes, const uint8_t* hash,
                    uint32_t& from) override;
  alone::Said write(uint32_t offset, const uint8_t* from,
                    uint32_t bytes) override;
  alone::Said end(void (*waits)(void* user), void* user) override;

 private:
  static constexpr uint32_t kNone = kMostNetworks;

  static bool accepts(void* self, uint32_t at);
  static void wait(void* self);
  const AloneNetwork& exported(uint32_t network) const;
  bool has_exported(const SentHead&) const;
  alone::Said check(const SentHead&, uint32_t bytes) const;
  alone::Said open_program(const uint8_t* at, uint32_t bytes);
  void uninstall();
  void install(const uint8_t* at);

  AloneProgramsConfig c_{};
  MappedSlots mapped_{};
  ProgramSlots slots_;
  bool usable_ = false;      // slots_ are open
  AloneNetwork exported_{};  // what `sent_` was
  uint32_t sent_ = kNone;    // the network that a sent program is
  uint32_t node_ = 0;        // of the two, that it has
  uint32_t bytes_ = 0;       // of the program that comes
  bool opened_ = false;      // it is ready in the other node
  alone::Said why_{};        // it was refused
  void (*waits_)(void*) = nullptr;
  void* waiter_ = nullptr;
};

}  // namespace shoal

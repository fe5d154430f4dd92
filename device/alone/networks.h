/// @file
/// The networks of a board that runs alone. They share one arena, as large as
/// the largest of them needs: each computes whole frames, one after the other.
#pragma once

#include <cstdint>

#include "device/alone/frame.h"
#include "device/alone/wire.h"
#include "device/shoal.h"

namespace shoal {

/// The most networks of a board.
inline constexpr uint32_t kMostNetworks = 16;

/// One of them. Everything that it points to must outlive Networks.
struct AloneNetwork {
  /// Its name; longer ones than kNetworkNameBytes are cut for the computer.
  const char* name;
  /// The node, opened in the common arena, without peers and storage, and no
  /// larger than kMostEnds.
  shoal_node* node;
  /// The program's identity.
  uint8_t program[alone::kProgramBytes];
  /// Indexed by alone::Text.
  const uint8_t* texts[alone::kTexts];
  uint32_t text_bytes[alone::kTexts];
  /// Room for the values of its variables while other networks run. May be null
  /// if it has none, or if it is the only network.
  uint8_t* kept;
};

/// Passes the arena from one network to another.
class Networks {
 public:
  /// @param all   the networks, which may be filled in later, before any other
  ///              call, and replaced after release_arena()
  /// @param count from 1 to kMostNetworks
  constexpr Networks(const AloneNetwork* all, uint32_t count)
      : all_(all), count_(count), owner_(count == 1 ? 0 : kNobody) {}
  Networks(const Networks&) = delete;
  Networks& operator=(const Networks&) = delete;

  uint32_t count() const { return count_; }
  const AloneNetwork& operator[](uint32_t network) const {
    return all_[network];
  }

  /// Runs a frame as run_frame() does. A network's variables go on from its own
  /// last frame, whatever ran in between.
  /// @return as of run_frame(); SHOAL_BAD_ARGUMENT for a network that is not
  /// there, and while a frame is under way
  shoal_status run(uint32_t network, const FrameEnds& ends);
  /// Gives a network's variables their initial values.
  shoal_status reset_variables(uint32_t network);
  /// The arena is another one's until the next frame; while none runs.
  /// Variables whose `kept` is null begin with their initial values then.
  void release_arena();
  /// The network was replaced in the table: its variables begin with their
  /// initial values. The arena has been released.
  void forget_variables(uint32_t network) { has_kept_ &= ~(1u << network); }

 private:
  static constexpr uint32_t kNobody = ~uint32_t{0};

  shoal_status give_arena_to(uint32_t network);

  const AloneNetwork* const all_;
  const uint32_t count_;
  uint32_t owner_;         // of the arena
  uint32_t has_kept_ = 0;  // a bit for each network
  bool runs_ = false;
};

}  // namespace shoal

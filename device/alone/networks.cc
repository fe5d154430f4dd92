#include "device/alone/networks.h"

#include <cstring>

#include "device/runtime/node.h"

namespace shoal {
namespace {

void save_variables(const AloneNetwork& n) {
  uint8_t* to = n.kept;
  uint32_t bytes = 0;
  for (uint32_t v = 0; v < shoal_variables(n.node); ++v, to += bytes) {
    const uint8_t* const from = variable_of(*n.node, v, bytes);
    std::memcpy(to, from, bytes);
  }
}

void restore_variables(const AloneNetwork& n) {
  const uint8_t* from = n.kept;
  uint32_t bytes = 0;
  for (uint32_t v = 0; v < shoal_variables(n.node); ++v, from += bytes) {
    uint8_t* const to = variable_of(*n.node, v, bytes);
    std::memcpy(to, from, bytes);
  }
}

}  // namespace

void Networks::release_arena() {
  if (owner_ != kNobody && all_[owner_].kept) {
    save_variables(all_[owner_]);
    has_kept_ |= 1u << owner_;
  }
  owner_ = kNobody;
}

shoal_status Networks::give_arena_to(uint32_t network) {
  if (network >= count_ || runs_) return SHOAL_BAD_ARGUMENT;
  if (network == owner_) return SHOAL_OK;
  release_arena();
  const shoal_status status = shoal_restart(all_[network].node);
  if (status != SHOAL_OK) return status;
  if (has_kept_ >> network & 1) restore_variables(all_[network]);
  owner_ = network;
  return SHOAL_OK;
}

shoal_status Networks::run(uint32_t network, const FrameEnds& ends) {
  shoal_status status = give_arena_to(network);
  if (status != SHOAL_OK) return status;
#if defined(SHOAL_TWO_CORES)
  // The last frame may have failed by a second core that is back.
  if (shoal_last_fault(all_[network].node).status == SHOAL_SECOND_CORE) {
    status = shoal_repeat_frame(all_[network].node);
    if (status < SHOAL_OK) return SHOAL_SECOND_CORE;
  }
#endif
  runs_ = true;
  status = run_frame(*all_[network].node, ends);
  runs_ = false;
  return status;
}

shoal_status Networks::reset_variables(uint32_t network) {
  shoal_status status = give_arena_to(network);
  if (status != SHOAL_OK) return status;
  shoal_node* const node = all_[network].node;
  while ((status = shoal_reset_variables(node)) == SHOAL_WAIT) {
    const shoal_status stepped = shoal_step(node);
    if (stepped < SHOAL_OK) return stepped;
  }
  return status;
}

}  // namespace shoal

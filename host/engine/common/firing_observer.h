// A function that is called for every firing of a node on a host.
#pragma once

namespace shoal {

// Passed to the node as shoal_config::tap; see device/runtime/firing.h.
struct FiringObserver {
  void (*call)(void* user, const void* firing) = nullptr;
  void* user = nullptr;
};

}  // namespace shoal

// The interface that sees every row that a node on a host makes.
#pragma once

namespace shoal {

// Called for every firing; see device/runtime/tap.h.
struct Tap {
  void (*call)(void* user, const void* firing) = nullptr;
  void* user = nullptr;
};

}  // namespace shoal

// The names that a node may have: names come from other machines and go to
// terminals.
#pragma once

#include <algorithm>
#include <string_view>

#include "device/agent/session_wire.h"
#include "host/plan/types/cluster.h"

namespace shoal {

static_assert(kMaxNodeName == kMaxName);  // a file's and a datagram's

// 1 to kMaxName printable characters of ASCII, no blanks.
inline bool is_node_name(std::string_view s) {
  return !s.empty() && s.size() <= kMaxName &&
         std::ranges::all_of(s, [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace shoal

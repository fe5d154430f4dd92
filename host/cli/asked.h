// The abilities that the command line asks of an engine.
#pragma once

#include <vector>

#include "host/cli/commands.h"
#include "host/engine/abilities.h"

namespace shoal {

void add_asked(const StorageFlags&, std::vector<Asked>&);
void add_asked(const PlanFlags&, std::vector<Asked>&);
void add_asked(const ClusterFlags&, std::vector<Asked>&);
void add_asked(const NetworkFlags&, std::vector<Asked>&);
void add_asked(const EmulateFlags&, std::vector<Asked>&);

// Throws Error(kUsage) for the first of the given flags that the engine cannot
// obey.
template <typename... Flags>
void require_flags(EngineKind kind, const Flags&... flags) {
  std::vector<Asked> asked;
  (add_asked(flags, asked), ...);
  require(kind, asked);
}
void require_flag(EngineKind, bool given, const Asked&);

}  // namespace shoal

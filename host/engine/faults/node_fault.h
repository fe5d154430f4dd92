// A fault of a node or a link in virtual time, as a person writes it:
//
//   kill:2@5ms         node 2 loses its power, for good
//   restart:2@5ms..1s  the same, and it starts again, empty
//   hang:2@5ms..1s     its core stands still, and goes on where it stood
//   slow:2@5ms..1s     all that its core does takes ten times as long
//   cut:2@5ms..1s      nothing gets through to it or from it
//   cut:2-3@5ms..1s    nothing gets through between these two
//
// Times count from the beginning of the first frame that counts. Without an end
// it lasts for ever, except that a node restarts at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/world/events.h"

namespace shoal {

enum class NodeFaultKind : uint8_t { kKill, kRestart, kHang, kSlow, kCut };

struct NodeFault {
  NodeFaultKind kind{};
  int node = 0;
  std::optional<int> other = {};  // kCut: of the link
  Nanos from = 0;
  std::optional<Nanos> until = {};
  // Instead of `from`: how many events of the world have passed by then. For
  // tests, which let it happen at each of them.
  std::optional<uint64_t> event = {};
};

// Throws Error(kUsage) that names --fault.
NodeFault parse_fault(const std::string& text);
// "node 2 is killed", "the link of nodes 2 and 3 is cut".
std::string fault_begins(const NodeFault&);
// "node 2 goes on"; empty: nobody sees it.
std::string fault_ends(const NodeFault&);

}  // namespace shoal

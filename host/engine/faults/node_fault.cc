#include "host/engine/faults/node_fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "host/base/error.h"
#include "host/base/units.h"

namespace shoal {
namespace {

struct KindName {
  const char* name;
  NodeFaultKind kind;
};
constexpr KindName kKinds[] = {{"kill", NodeFaultKind::kKill},
                               {"restart", NodeFaultKind::kRestart},
                               {"hang", NodeFaultKind::kHang},
                               {"slow", NodeFaultKind::kSlow},
                               {"cut", NodeFaultKind::kCut}};

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw Error(Exit::kUsage, "--fault: '" + text + "': " + why,
              "KIND:NODE@TIME[..TIME], such as kill:1@5ms, hang:1@5ms..1s or "
              "cut:0-1@2ms..9ms; nodes count from 0");
}

int node_of(const std::string& all, const std::string& text) {
  int node = -1;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, node);
  if (error != std::errc() || rest != end || node < 0) {
    refuse(all, "'" + text + "' is not the number of a node");
  }
  return node;
}

}  // namespace

NodeFault parse_fault(const std::string& text) {
  const size_t colon = text.find(':');
  const size_t at = text.find('@');
  if (colon == std::string::npos || at == std::string::npos || at < colon) {
    refuse(text, "it names no node or no time");
  }
  const auto kind = std::ranges::find_if(kKinds, [&](const KindName& k) {
    return text.substr(0, colon) == k.name;
  });
  if (kind == std::end(kKinds)) {
    refuse(text, "the kinds are kill, restart, hang, slow and cut");
  }
  NodeFault fault{.kind = kind->kind};
  const std::string nodes = text.substr(colon + 1, at - colon - 1);
  const size_t dash = nodes.find('-');
  fault.node = node_of(text, nodes.substr(0, dash));
  if (dash != std::string::npos) {
    if (fault.kind != NodeFaultKind::kCut)
      refuse(text, "only links have two ends");
    fault.other = node_of(text, nodes.substr(dash + 1));
    if (fault.other == fault.node) refuse(text, "a link has two ends");
  }
  const std::string times = text.substr(at + 1);
  const size_t dots = times.find("..");
  fault.from = parse_duration(times.substr(0, dots), "--fault");
  if (dots == std::string::npos) {
    if (fault.kind == NodeFaultKind::kRestart) fault.until = fault.from;
    return fault;
  }
  if (fault.kind == NodeFaultKind::kKill) {
    refuse(text, "a node that is killed stays so; restart has an end");
  }
  fault.until = parse_duration(times.substr(dots + 2), "--fault");
  if (*fault.until < fault.from) refuse(text, "it ends before it begins");
  return fault;
}

std::string fault_begins(const NodeFault& f) {
  switch (f.kind) {
    case NodeFaultKind::kKill:
    case NodeFaultKind::kRestart:
      return fmt::format("node {} loses its power", f.node);
    case NodeFaultKind::kHang:
      return fmt::format("node {} hangs", f.node);
    case NodeFaultKind::kSlow:
      return fmt::format("node {} is slow", f.node);
    case NodeFaultKind::kCut:
      break;
  }
  return f.other ? fmt::format("the link of nodes {} and {} is cut", f.node,
                               *f.other)
                 : fmt::format("node {} is cut off", f.node);
}

std::string fault_ends(const NodeFault& f) {
  switch (f.kind) {
    case NodeFaultKind::kKill:
      return "";
    case NodeFaultKind::kRestart:
      return fmt::format("node {} starts again", f.node);
    case NodeFaultKind::kHang:
      return fmt::format("node {} goes on", f.node);
    case NodeFaultKind::kSlow:
      return fmt::format("node {} is as fast as before", f.node);
    case NodeFaultKind::kCut:
      break;
  }
  return f.other ? fmt::format("the link of nodes {} and {} is mended", f.node,
                               *f.other)
                 : fmt::format("node {} is reached again", f.node);
}

}  // namespace shoal

#include <algorithm>
#include <set>

#include "host/check/premises.h"

namespace shoal {
namespace {

constexpr int kMostPeers = 256, kMostGaps = 1024;
constexpr int64_t kMostBytes = int64_t{1} << 30;  // offsets wrap at 2^32
constexpr int kCoordinatorNumber = -1;

class Links {
 public:
  Links(const Plan& plan, Findings& found) : plan_(plan), found_(found) {}

  void run() {
    count_ports();
    for (int i = 0; i < static_cast<int>(plan_.streams.size()); ++i) stream(i);
    for (int n = 0; n < static_cast<int>(plan_.nodes.size()); ++n) peers(n);
  }

 private:
  // Every port of a stream, and the coordinator's peers.
  void count_ports() {
    met_.resize(plan_.nodes.size());
    ends_.resize(plan_.streams.size());
    for (size_t n = 0; n < plan_.nodes.size(); ++n) {
      for (const PlanStage& stage : plan_.nodes[n].stages) {
        for (const PlanPort& p : stage.ports) {
          if (p.owner == Owner::kActor || p.owner == Owner::kSpill) continue;
          if (p.owner == Owner::kStream) {
            ++ends_[p.owner_index];
          } else {
            met_[n].insert(kCoordinatorNumber);
          }
        }
      }
    }
  }

  const PlanStage* stage_of(const PlanStream::End& e) const {
    const bool exists =
        e.node >= 0 && e.node < static_cast<int>(plan_.nodes.size()) &&
        e.stage >= 0 &&
        e.stage < static_cast<int>(plan_.nodes[e.node].stages.size());
    return exists ? &plan_.nodes[e.node].stages[e.stage] : nullptr;
  }

  bool end(int index, const PlanStream::End& e, bool is_read) {
    const PlanStream& s = plan_.streams[index];
    const PlanStage* stage = stage_of(e);
    if (!found_.need(stage && e.port >= 0 &&
                         e.port < static_cast<int>(stage->ports.size()),
                     "stream ", index, " ends at no port")) {
      return false;
    }
    const PlanPort& port = stage->ports[e.port];
    const PlanBuffer& buffer = stage->buffers[port.buffer];
    return found_.need(port.owner == Owner::kStream &&
                           port.owner_index == index && port.is_read == is_read,
                       "stream ", index, " ends at port ", e.port, " of node ",
                       e.node, ", stage ", e.stage, ", which is not its own") &&
           found_.need(port.box == s.box, "stream ", index,
                       " carries another box than port ", e.port, " of node ",
                       e.node, " has") &&
           found_.need(buffer.tensor == s.tensor &&
                           buffer.element_bytes == s.element_bytes,
                       "stream ", index, " carries tensor ", s.tensor, " in ",
                       s.element_bytes, " bytes, node ", e.node, " has tensor ",
                       buffer.tensor, " in ", buffer.element_bytes);
  }

  void stream(int index) {
    const PlanStream& s = plan_.streams[index];
    if (!found_.need(!s.to.empty(), "stream ", index, " goes nowhere")) return;
    bool ok = end(index, s.from, true);
    for (size_t i = 0; i < s.to.size(); ++i) {
      ok = end(index, s.to[i], false) && ok;
      found_.need(s.to[i].node != s.from.node, "stream ", index,
                  " goes from node ", s.from.node, " to itself");
      for (size_t j = 0; j < i; ++j) {
        found_.need(!(s.to[i] == s.to[j]), "stream ", index,
                    " ends at one port twice");
      }
    }
    if (!ok) return;
    found_.need(ends_[index] == 1 + static_cast<int>(s.to.size()), "stream ",
                index, " has ", 1 + s.to.size(), " ends and ", ends_[index],
                " ports");
    found_.need(s.bytes() > 0 && s.bytes() < kMostBytes, "stream ", index,
                " has ", s.bytes(), " bytes");
    for (const PlanStream::End& e : s.to) {
      met_[s.from.node].insert(e.node);
      met_[e.node].insert(s.from.node);
    }
  }

  void peers(int n) {
    const std::vector<PlanPeer>& listed = plan_.nodes[n].peers;
    if (!plan_.linked) {
      found_.need(listed.empty(), "a node that is not linked has peers");
      found_.need(plan_.nodes[n].gaps == 0,
                  "a node that is not linked has lists of gaps");
      found_.need(plan_.streams.empty(), "a plan that is not linked has ",
                  plan_.streams.size(), " streams");
      return;
    }
    const int gaps = plan_.nodes[n].gaps;
    found_.need(gaps >= 0 && gaps <= kMostGaps, "node ", n, " has lists of ",
                gaps, " gaps");
    std::vector<int> numbers;
    for (const PlanPeer& p : listed) {
      numbers.push_back(p.node);
      found_.need(p.window >= 1 && p.window <= 0xFFFF, "node ", n,
                  " has a window of ", p.window, " segments to node ", p.node);
    }
    found_.need(std::ranges::equal(numbers, met_[n]), "node ", n, " lists ",
                numbers.size(), " peers, not the ", met_[n].size(),
                " that it exchanges rows with, in order");
    found_.need(numbers.size() <= kMostPeers, "node ", n, " has ",
                numbers.size(), " peers");
  }

  const Plan& plan_;
  Findings& found_;
  std::vector<int> ends_;           // ports by stream
  std::vector<std::set<int>> met_;  // by node
};

}  // namespace

void check_links(const Plan& plan, Findings& found) {
  Links(plan, found).run();
}

}  // namespace shoal

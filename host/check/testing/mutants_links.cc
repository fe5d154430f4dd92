#include "host/check/testing/mutants_links.h"

#include <algorithm>

namespace shoal {
namespace {

bool has_port(const Plan& plan, const PlanStream::End& e) {
  const auto in = [](int i, const auto& all) {
    return i >= 0 && size_t(i) < all.size();
  };
  return in(e.node, plan.nodes) && in(e.stage, plan.nodes[e.node].stages) &&
         in(e.port, plan.nodes[e.node].stages[e.stage].ports);
}

PlanPort& port_of(Plan& plan, const PlanStream::End& e) {
  return plan.nodes[e.node].stages[e.stage].ports[e.port];
}

const std::pair<const char*, int Box::*> kSides[] = {
    {"y0", &Box::y0}, {"y1", &Box::y1}, {"x0", &Box::x0},
    {"x1", &Box::x1}, {"c0", &Box::c0}, {"c1", &Box::c1}};

class LinkMutations {
 public:
  LinkMutations(const Plan& plan, std::vector<PlanMutation>& all)
      : plan_(plan), all_(all) {}

  void collect() {
    for (size_t i = 0; i < plan_.streams.size(); ++i) stream(i);
    for (size_t n = 0; n < plan_.nodes.size(); ++n) node(n);
    add("not linked", false, [](Plan& p) { p.linked = false; });
    sum("traffic", [](Plan& p) { ++p.traffic_bytes; });
  }

 private:
  void add(const std::string& what, bool may_be_right,
           std::function<void(Plan&)> apply) {
    all_.push_back({what, may_be_right, std::move(apply), false});
  }
  // Adds a mutant of a sum that restate() would put right.
  void sum(const std::string& what, std::function<void(Plan&)> apply) {
    all_.push_back({what, false, std::move(apply), true});
  }

  void stream(size_t i) {
    const std::string name = "stream " + std::to_string(i) + " ";
    const auto change = [&](const std::string& what,
                            std::function<void(PlanStream&)> f) {
      add(name + what, false, [=](Plan& p) { f(p.streams[i]); });
    };
    boxes(i, name);
    change("carries the next tensor", [](PlanStream& s) { ++s.tensor; });
    change("of other elements", [](PlanStream& s) { s.element_bytes ^= 5; });
    change("goes nowhere", [](PlanStream& s) { s.to.clear(); });
    change("turned round", [](PlanStream& s) { std::swap(s.from, s.to[0]); });
    change("to its sender", [](PlanStream& s) { s.to[0] = s.from; });
    change("twice to one port", [](PlanStream& s) { s.to.push_back(s.to[0]); });
    for (int by : {-1, 1}) {
      const std::string moved = " by " + std::to_string(by);
      change("from node" + moved, [=](PlanStream& s) { s.from.node += by; });
      change("from stage" + moved, [=](PlanStream& s) { s.from.stage += by; });
      // restate() would find them again.
      const auto alone = [&](const std::string& what,
                             std::function<void(PlanStream&)> f) {
        sum(name + what, [=](Plan& p) { f(p.streams[i]); });
      };
      alone("from port" + moved, [=](PlanStream& s) { s.from.port += by; });
      change("to node" + moved, [=](PlanStream& s) { s.to[0].node += by; });
      change("to stage" + moved, [=](PlanStream& s) { s.to[0].stage += by; });
      alone("to port" + moved, [=](PlanStream& s) { s.to[0].port += by; });
    }
    add(name + "dropped", false,
        [=](Plan& p) { p.streams.erase(p.streams.begin() + long(i)); });
    add(name + "dropped with its ports", false,
        [=](Plan& p) { drop_stream(p, i); });
    add(name + "twice with its ports", false,
        [=](Plan& p) { double_stream(p, i); });
    if (i == 0) return;
    sum(name + "ends where the one before does",
        [=](Plan& p) { std::swap(p.streams[i].to, p.streams[i - 1].to); });
  }

  // The stream's box alone, and with those of all its ports.
  void boxes(size_t i, const std::string& name) {
    for (const auto& [side, field] : kSides) {
      for (int by : {-1, 1}) {
        const std::string what = name + side + " by " + std::to_string(by);
        add(what, false,
            [=, f = field](Plan& p) { p.streams[i].box.*f += by; });
        add(what + ", ports too", true, [=, f = field](Plan& p) {
          PlanStream& s = p.streams[i];
          s.box.*f += by;
          port_of(p, s.from).box.*f += by;
          for (const PlanStream::End& e : s.to) port_of(p, e).box.*f += by;
        });
      }
    }
  }

  static void drop_port(Plan& plan, size_t stream, const PlanStream::End& e) {
    PlanStage& stage = plan.nodes[e.node].stages[e.stage];
    const auto at = std::ranges::find_if(stage.ports, [&](const PlanPort& p) {
      return p.owner == Owner::kStream && p.owner_index == int(stream);
    });
    const int gone = static_cast<int>(at - stage.ports.begin());
    stage.ports.erase(at);
    for (PlanActor& a : stage.actors) {
      for (int* p : {&a.in[0], &a.in[1], &a.partial, &a.out}) *p -= *p > gone;
    }
  }

  static void drop_stream(Plan& plan, size_t i) {
    const PlanStream gone = plan.streams[i];
    drop_port(plan, i, gone.from);
    for (const PlanStream::End& e : gone.to) drop_port(plan, i, e);
    plan.streams.erase(plan.streams.begin() + long(i));
    for (PlanNode& node : plan.nodes) {
      for (PlanStage& stage : node.stages) {
        for (PlanPort& p : stage.ports) {
          p.owner_index -= p.owner == Owner::kStream && p.owner_index > int(i);
        }
      }
    }
  }

  static void double_stream(Plan& plan, size_t i) {
    const PlanStream again = plan.streams[i];
    plan.streams.push_back(again);
    const int number = static_cast<int>(plan.streams.size()) - 1;
    const auto twin = [&](const PlanStream::End& e) {
      PlanStage& stage = plan.nodes[e.node].stages[e.stage];
      const auto at = std::ranges::find_if(stage.ports, [&](const PlanPort& p) {
        return p.owner == Owner::kStream && p.owner_index == int(i);
      });
      const int index = static_cast<int>(at - stage.ports.begin());
      PlanPort port = *at;
      port.owner_index = number;
      stage.ports.insert(at + 1, port);
      for (PlanActor& a : stage.actors) {
        for (int* p : {&a.in[0], &a.in[1], &a.partial, &a.out}) {
          *p += *p > index;
        }
      }
    };
    twin(again.from);
    for (const PlanStream::End& e : again.to) twin(e);
  }

  void node(size_t n) {
    const std::string name = "node " + std::to_string(n) + ": ";
    const PlanNode& it = plan_.nodes[n];
    for (size_t i = 0; i < it.peers.size(); ++i) {
      const std::string peer = name + "peer " + std::to_string(i) + " ";
      add(peer + "dropped", false, [=](Plan& p) {
        p.nodes[n].peers.erase(p.nodes[n].peers.begin() + long(i));
      });
      add(peer + "twice", false, [=](Plan& p) {
        const PlanPeer copy = p.nodes[n].peers[i];
        p.nodes[n].peers.push_back(copy);
      });
      add(peer + "is the node itself", false,
          [=](Plan& p) { p.nodes[n].peers[i].node = int(n); });
      add(peer + "has no window", false,
          [=](Plan& p) { p.nodes[n].peers[i].window = 0; });
      add(peer + "has a larger window", false,
          [=](Plan& p) { p.nodes[n].peers[i].window += 1; });
      if (i == 0) continue;
      add(peer + "swapped with the one before", false, [=](Plan& p) {
        std::swap(p.nodes[n].peers[i], p.nodes[n].peers[i - 1]);
      });
    }
    add(name + "a gap more", false, [=](Plan& p) { p.nodes[n].gaps += 2; });
    add(name + "gaps below none", false,
        [=](Plan& p) { p.nodes[n].gaps = -1; });
    for (int by : {-32, -16, -1, 1, 16}) {
      if (it.peers.empty()) break;  // no tables
      add(name + "link by " + std::to_string(by), false,
          [=](Plan& p) { p.nodes[n].layout.link += uint32_t(by); });
      add(name + "link bytes by " + std::to_string(by), false,
          [=](Plan& p) { p.nodes[n].layout.link_bytes += uint32_t(by); });
    }
    for (size_t s = 0; s < it.stages.size(); ++s) {
      add(name + "stage " + std::to_string(s) + " in no segment", false,
          [=](Plan& p) { p.nodes[n].stages[s].segment = -1; });
      if (s == 0) continue;
      add(name + "two stages in a segment", false, [=](Plan& p) {
        p.nodes[n].stages[s].segment = p.nodes[n].stages[s - 1].segment;
      });
    }
    sum(name + "sent", [=](Plan& p) { ++p.nodes[n].sent_bytes; });
    sum(name + "received", [=](Plan& p) { --p.nodes[n].received_bytes; });
  }

  const Plan& plan_;
  std::vector<PlanMutation>& all_;
};

void find_ports(Plan& plan) {
  for (size_t i = 0; i < plan.streams.size(); ++i) {
    const auto find = [&](PlanStream::End& e) {
      PlanStream::End first = e;
      first.port = 0;
      if (!has_port(plan, first)) return;
      const auto& ports = plan.nodes[e.node].stages[e.stage].ports;
      const auto mine = [&](const PlanPort& p) {
        return p.owner == Owner::kStream && p.owner_index == int(i);
      };
      if (std::ranges::count_if(ports, mine) != 1) return;
      e.port = int(std::ranges::find_if(ports, mine) - ports.begin());
    };
    find(plan.streams[i].from);
    for (PlanStream::End& e : plan.streams[i].to) find(e);
  }
}

void restate_traffic(Plan& plan) {
  plan.traffic_bytes = 0;
  for (PlanNode& node : plan.nodes) {
    node.sent_bytes = node.received_bytes = 0;
    for (const PlanStage& stage : node.stages) {
      for (const PlanPort& p : stage.ports) {
        if (p.owner == Owner::kActor || p.buffer < 0 ||
            size_t(p.buffer) >= stage.buffers.size()) {
          continue;
        }
        const bool streams = p.owner == Owner::kStream;
        const bool known = streams && p.owner_index >= 0 &&
                           size_t(p.owner_index) < plan.streams.size();
        const int64_t bytes =
            p.box.elements() * stage.buffers[p.buffer].element_bytes;
        const int64_t copies =
            known ? int64_t(plan.streams[p.owner_index].to.size()) : 1;
        (p.is_read ? node.sent_bytes : node.received_bytes) +=
            p.is_read ? copies * bytes : bytes;
        if (p.owner == Owner::kOutput || !p.is_read) {
          plan.traffic_bytes += bytes;
        }
      }
    }
  }
}

}  // namespace

std::vector<PlanMutation> plan_mutations(const Net& net, const Plan& plan) {
  std::vector<PlanMutation> all;
  LinkMutations(plan, all).collect();
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    for (const Mutation& m : mutations(net, plan.nodes[n])) {
      all.push_back({"node " + std::to_string(n) + ": " + m.what,
                     m.may_be_right, [=](Plan& p) { m.apply(p.nodes[n]); },
                     m.of_sums});
    }
  }
  return all;
}

void restate(const Net& net, Plan& plan) {
  find_ports(plan);
  restate_traffic(plan);
  plan.macs = 0;
  for (PlanNode& node : plan.nodes) {
    restate(net, node);
    plan.macs += node.macs;
  }
}

}  // namespace shoal

// SPIN compares what coordinators and nodes do in virtual time with the rules
// of spec/protocol: which datagrams they take, what they place, acknowledge and
// give credit for, over losses, repeats, disorder, a node that starts again and
// a coordinator that takes the cluster over.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "device/agent/session_wire.h"
#include "device/link/wire.h"
#include "host/base/temporary_folder.h"
#include "host/engine/coordinator/testing/cluster_run.h"
#include "host/plan/types/stream_table.h"
#include "tests/needs.h"

namespace shoal {
namespace {

constexpr int kNodes = 3;  // the coordinator is number 3
constexpr int kPackets = 512;
constexpr int kGaps = 16;  // of each of them

// The steps as messages to spec/protocol/trace.pml.
class Trace {
 public:
  explicit Trace(const std::vector<StreamEdge>& edges) {
    for (const StreamEdge& e : edges) {
      const int from = index(e.from.node), to = index(e.to.node);
      targets_[{from, e.from.number}] = streams_;
      in_streams_[{to, e.to.number}] = streams_;
      add("kStream", {streams_++, from, to});
    }
  }
  static int index(int node) { return node < 0 ? kNodes : node; }
  static int index_of(uint16_t node) {
    return node == kCoordinator ? kNodes : node;
  }

  void add(const char* step, std::vector<int> values) {
    values.resize(5);
    std::string line = std::string("steps!") + step + "(";
    for (size_t i = 0; i < values.size(); ++i) {
      line += (i ? ", " : "") + std::to_string(values[i]);
    }
    lines.push_back(line + ")");
  }
  void sent(int from, int to, const uint8_t* d, uint32_t bytes) {
    for_items(d, bytes, [&](const Item& item) {
      const int value = static_cast<int>(item.value);
      if (item.kind == ItemKind::kAck) {
        add("kAckSent", {from, to, value, static_cast<int>(item.mask)});
      } else if (item.kind == ItemKind::kCredit) {
        add("kCreditSent", {from, targets_.at({to, item.number}), value});
      } else {
        add("kFragmentSent", {from, in_streams_.at({to, item.number}), value,
                              value + item.length});
      }
    });
  }
  void came(int at, const std::vector<uint8_t>& d, bool is_taken,
            uint64_t placed, bool is_kept) {
    const DataHead head = get_head(d.data());
    ASSERT_LT(head.packet, uint32_t{kPackets});
    add("kCame", {at, index_of(head.node), static_cast<int>(head.epoch),
                  static_cast<int>(head.packet), is_taken});
    if (!is_taken) return;
    for_items(d.data(), static_cast<uint32_t>(d.size()), [&](const Item& item) {
      const int value = static_cast<int>(item.value);
      if (item.kind == ItemKind::kCredit) {
        add("kCredit", {at, targets_.at({at, item.number}), value});
      } else if (item.kind == ItemKind::kFragment) {
        add("kFragment", {at, in_streams_.at({at, item.number}), value,
                          value + item.length});
      }
    });
    add("kEnd", {at, static_cast<int>(placed), is_kept});
  }
  // Sessions count from 1, in the order of their first requests.
  int session(uint32_t id) {
    return sessions_.try_emplace(id, static_cast<int>(sessions_.size()) + 1)
        .first->second;
  }
  int streams() const { return streams_; }

  std::vector<std::string> lines;

 private:
  template <class Take>
  static void for_items(const uint8_t* d, uint32_t bytes, Take take) {
    ItemReader reader(d + kDataHeadBytes,
                      bytes - kDataHeadBytes - checksum_only().tag_bytes);
    Item item;
    while (reader.next(item)) take(item);
  }

  int streams_ = 0;
  std::map<std::pair<int, int>, int> targets_, in_streams_;
  std::map<uint32_t, int> sessions_;
};

// A transport that writes what goes through it. A datagram that was taken from
// it has been worked on when its user comes again.
class Tap {
 public:
  Tap(Trace& trace, int number, const shoal_transport& inner)
      : trace_(trace), number_(number), inner_(inner) {
    outer = {this, inner.max_payload, send, receive, [](void* self) {
               const auto& t = static_cast<Tap*>(self)->inner_;
               return t.now_us(t.user);
             }};
  }
  virtual ~Tap() = default;

  void finish() {
    if (last_.empty()) return;
    std::vector<uint8_t> d;
    d.swap(last_);
    const shoal_link_counters now = counters();
    if (static_cast<Kind>(d[0]) == Kind::kData) {
      const bool is_taken = now.received != before_.received;
      if (is_taken) uses(static_cast<int>(get_head(d.data()).epoch));
      trace_.came(number_, d, is_taken, now.placed_bytes - before_.placed_bytes,
                  now.early == before_.early);
    } else {
      look(d);
    }
  }

  shoal_transport outer;

 protected:
  virtual shoal_link_counters counters() const = 0;
  virtual void look(const std::vector<uint8_t>&) {}
  // Called before data of the epoch is written that was sent or taken.
  virtual void uses(int /*epoch*/) {}

  Trace& trace_;
  const int number_;

 private:
  static int send(void* self, uint64_t to, const void* bytes, uint32_t n) {
    Tap& tap = *static_cast<Tap*>(self);
    tap.finish();
    const auto* const d = static_cast<const uint8_t*>(bytes);
    // Addresses: the coordinator 1, nodes from 2 on.
    const int peer = to == 1 ? kNodes : static_cast<int>(to) - 2;
    if (static_cast<Kind>(d[0]) == Kind::kData) {
      tap.uses(static_cast<int>(get_head(d).epoch));
      tap.trace_.sent(tap.number_, peer, d, n);
    }
    return tap.inner_.send(tap.inner_.user, to, bytes, n);
  }
  static uint32_t receive(void* self, uint64_t* from, void* to,
                          uint32_t capacity) {
    Tap& tap = *static_cast<Tap*>(self);
    tap.finish();
    const uint32_t n = tap.inner_.receive(tap.inner_.user, from, to, capacity);
    const auto* const d = static_cast<const uint8_t*>(to);
    tap.last_.assign(d, d + n);
    tap.before_ = tap.counters();
    return n;
  }

  const shoal_transport& inner_;
  std::vector<uint8_t> last_;
  shoal_link_counters before_{};
};

class NodeTap final : public Tap {
 public:
  using Tap::Tap;
  void watch(const NodeAgent& agent) { agent_ = &agent; }
  void leave() {
    if (epoch_ != 0) trace_.add("kRun", {number_, epoch_ = 0});
  }

 private:
  bool runs() const {
    return agent_ && agent_->state() == AgentState::kRunning;
  }
  shoal_link_counters counters() const override {
    return runs() ? shoal_read_counters(&agent_->node()).link
                  : shoal_link_counters{};
  }
  void look(const std::vector<uint8_t>& d) override {
    const bool is_session = static_cast<Kind>(d[0]) == Kind::kSession;
    if (is_session && agent_->counters().requests != requests_) {
      SessionHead head;
      std::memcpy(&head, d.data(), sizeof head);
      trace_.add("kRequest", {number_, trace_.session(head.session)});
      RequestHead request;
      std::memcpy(&request, d.data() + sizeof head, sizeof request);
      if (request.request == Request::kStart && runs()) {
        StartRequest start;
        std::memcpy(&start, d.data() + sizeof head + sizeof request,
                    sizeof start);
        const int epoch = static_cast<int>(start.epoch);
        if (epoch != epoch_) trace_.add("kRun", {number_, epoch_ = epoch});
      }
    }
    requests_ = agent_->counters().requests;
    if (!runs()) leave();
  }

  const NodeAgent* agent_ = nullptr;
  uint32_t requests_ = 0;
  int epoch_ = 0;
};

class CoordinatorTap final : public Tap {
 public:
  using Tap::Tap;
  const Coordinator* coordinator = nullptr;

 private:
  // Its link opens before nodes are asked to start.
  void uses(int epoch) override {
    if (epoch == epoch_) return;
    trace_.add("kRun", {number_, epoch_ = epoch});
  }
  shoal_link_counters counters() const override {
    return coordinator ? coordinator->counters() : shoal_link_counters{};
  }

  int epoch_ = 0;
};

class ProtocolTrace : public testing::Test {
 protected:
  void SetUp() override { need_programs({"spin"}); }

  // Returns what SPIN says of the steps; empty: the rules allow them.
  std::string judge(const Trace& trace, const std::vector<std::string>& steps) {
    std::ofstream file(folder_.path() / "run.pml");
    file << "#define NODES " << kNodes + 1 << "\n#define STREAMS "
         << trace.streams() << "\n#define GAPS " << kGaps
         << "\n#define PACKETS " << kPackets << "\n#include \""
         << SHOAL_SOURCE_DIR << "/spec/protocol/trace.pml\"\ninit {\n";
    for (const std::string& s : steps) file << "  " << s << ";\n";
    file << "  steps!kLast(0, 0, 0, 0, 0)\n}\n";
    file.close();
    const std::string command = "cd '" + folder_.path().string() +
                                "' && spin -T run.pml > out 2>&1; grep -m1 -E "
                                "'assert|rror|timeout' out > said; true";
    EXPECT_EQ(std::system(command.c_str()), 0);
    std::ifstream said(folder_.path() / "said");
    return {std::istreambuf_iterator<char>(said), {}};
  }

  TemporaryFolder folder_;
};

// A cluster whose every datagram is written, and its coordinators one after
// another.
class TracedCluster {
 public:
  Trace trace;

  TracedCluster(const Prepared& p, unsigned seed)
      : trace(stream_edges(p.plan)), prepared_(p), cluster_(seed) {
    LossyNet& net = cluster_.net;
    net.loss = 0.05, net.doubling = 0.1, net.jitter_us = 2000;
    net.spy = [this](LossyNet::Datagram& d) {
      if (records_) old_.push_back(d);
      return true;
    };
    cluster_.config.insecure = cluster_.options.insecure = true;
    cluster_.config.take_over = true;
    for (int i = 0; i < kNodes; ++i) {
      const uint64_t address = static_cast<uint64_t>(i) + 2;
      taps_.push_back(std::make_unique<NodeTap>(trace, i, net.end(address)));
      cluster_.options.transport = &taps_.back()->outer;
      taps_.back()->watch(cluster_.add_node().agent);
    }
  }

  // Runs until the coordinator has these many answers of four frames, and
  // leaves it without a word.
  void run_epoch(size_t answers) {
    CoordinatorTap tap(trace, kNodes, cluster_.net.end(1));
    CoordinatorConfig config = cluster_.config;
    config.transport = &tap.outer;
    config.name = "coordinator";
    auto& coordinator = cluster_.coordinator;
    coordinator = std::make_unique<Coordinator>(config);
    tap.coordinator = coordinator.get();
    coordinator->connect(cluster_.addresses);
    ASSERT_TRUE(cluster_.run([&] { return coordinator->connected(); }));
    coordinator->deploy(prepared_);
    ASSERT_TRUE(cluster_.run([&] { return coordinator->started(); }));
    // All that the coordinators before have caused comes once more.
    records_ = false;
    for (const LossyNet::Datagram& d : old_) cluster_.net.send(d);
    records_ = true;
    size_t got = 0;
    unsigned submitted = 0;
    ASSERT_TRUE(cluster_.run([&] {
      while (submitted < 4 && coordinator->free_frames() > 0) {
        coordinator->submit(noise_bytes(kSmallInput, submitted++));
      }
      while (const auto out = coordinator->result()) {
        EXPECT_EQ(*out, oracle_output(prepared_.graph,
                                      noise_bytes(kSmallInput, got)));
        ++got;
      }
      return got >= answers;
    }));
    tap.finish();
    tap.coordinator = nullptr;
    coordinator.reset();
    for (const auto& t : taps_) t->finish();
    trace.add("kRun", {kNodes, 0});
  }
  void restart(int node) {
    const auto at = static_cast<size_t>(node);
    taps_[at]->finish();
    cluster_.nodes[at]->restart();
    taps_[at]->leave();
  }

 private:
  const Prepared& prepared_;
  TestCluster cluster_;
  std::vector<std::unique_ptr<NodeTap>> taps_;
  std::vector<LossyNet::Datagram> old_;
  bool records_ = true;
};

// Returns the place of the last step that begins so and ends so.
size_t last_step(const std::vector<std::string>& steps,
                 const std::string& begin, const std::string& end) {
  for (size_t i = steps.size(); i-- > 0;) {
    if (steps[i].starts_with("steps!" + begin + "(") &&
        steps[i].ends_with(end)) {
      return i;
    }
  }
  ADD_FAILURE() << "no step " << begin;
  return 0;
}

TEST_F(ProtocolTrace, TheRulesAllowWhatTheCodeDoes) {
  if (cannot_go_on()) return;
  const Prepared p = small_linked(kNodes);
  TracedCluster cluster(p, 1);
  cluster.run_epoch(2);
  cluster.restart(1);
  cluster.run_epoch(4);
  if (HasFailure()) return;
  const std::vector<std::string>& steps = cluster.trace.lines;
  EXPECT_EQ(judge(cluster.trace, steps), "");

  // Each of these traces has one wrong step.
  const auto expect_refused = [&](const char* what, auto change) {
    SCOPED_TRACE(what);
    std::vector<std::string> wrong = steps;
    change(wrong);
    EXPECT_NE(judge(cluster.trace, wrong).find("assert"), std::string::npos);
  };
  expect_refused("a datagram of the past is taken", [&](auto& w) {
    std::string& step = w[last_step(w, "kCame", ", 0)")];
    step.replace(step.size() - 2, 1, "1");
  });
  expect_refused("a byte is placed twice", [&](auto& w) {
    std::string& step = w[last_step(w, "kEnd", ", 1, 0, 0)")];
    const size_t at = step.find(", ") + 2;
    step.replace(at, step.find(",", at) - at,
                 std::to_string(std::stoi(step.substr(at)) + 1));
  });
  expect_refused("what is behind a gap without room is acknowledged",
                 [&](auto& w) {
                   std::string& step = w[last_step(w, "kEnd", ", 0, 0)")];
                   const size_t flag = step.size() - 8;
                   step[flag] = step[flag] == '1' ? '0' : '1';
                 });
  expect_refused("credit was not given", [&](auto& w) {
    std::erase_if(w, [](const std::string& s) {
      return s.starts_with("steps!kCredit(0,");
    });
  });
  expect_refused("an epoch begins twice", [&](auto& w) {
    const auto begins = std::ranges::find_if(w, [](const std::string& s) {
      return s.starts_with("steps!kRun(0, ") &&
             !s.starts_with("steps!kRun(0, 0");
    });
    ASSERT_NE(begins, w.end());
    w.insert(begins, std::string(*begins));
  });
  expect_refused("a request of a session that is over is taken", [&](auto& w) {
    const size_t i = last_step(w, "kRequest", ")");
    std::string& step = w[i];
    const size_t comma = step.find(", ");
    step.replace(comma + 2, step.find(",", comma + 2) - comma - 2, "0");
  });
}

}  // namespace
}  // namespace shoal

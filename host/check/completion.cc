// All nodes of a plan at once, be they one. Every node goes through its stages
// by itself; a row moves along a stream only while both of its ends are in
// their stages, in the same frame; a stage is left when its processes have
// fired and its streams have ended. Rows of inputs and outputs move likewise:
// at their other end is the coordinator, or who calls a node that is alone.
#include <algorithm>
#include <deque>
#include <random>

#include "host/check/premises.h"
#include "host/check/tokens.h"
#include "host/plan/types/deadline.h"

namespace shoal {
namespace {

constexpr int kFrames = 2;  // the second one starts where the first one left
constexpr unsigned kSeed = 20261120;
constexpr size_t kMostBlocked = 12;  // named in a finding
// Moves of an edge in a frame, at most about: rows of a longer box move
// several at a time, so that a long signal takes no longer to check.
constexpr int kMostMoves = 1 << 16;

// Which of those that may be able to fire is asked next. What completes does
// not depend on it; what a wrong plan overwrites may.
enum class Asking { kOldestFirst, kNewestFirst, kAnyhow };

struct End {
  int node = -1, stage = -1, port = -1;  // node -1: the caller
};

// The rows of a box to one receiver.
struct Edge {
  Owner kind;
  int number;  // of the stream, input or output
  Box box;
  End from, to;
  int sender = -1;  // index of the sending port in senders_
  int frame = 0, row = 0;
};

// A port whose rows go to several receivers: a row is let go when all have it.
struct Sender {
  int edges = 0;
  int row = 0;
  std::vector<int> passed;  // by row of the box: receivers that have it
};

class Completion {
 public:
  Completion(const Net& net, const Plan& plan,
             const std::vector<Instances>& instances, Findings& found)
      : plan_(plan), found_(found), random_(kSeed) {
    for (size_t n = 0; n < plan.nodes.size(); ++n) {
      nodes_.emplace_back(Tokens(net, plan.nodes[n], instances[n], found));
    }
    find_edges();
    find_items();
  }

  // `in_flight` frames may have left the coordinator and not come back.
  void run(Asking asking, int in_flight) {
    asking_ = asking, in_flight_ = in_flight;
    begin();
    while (!queue_.empty() && found_.empty()) {
      PlanCancellation::check();
      const int item = next_item();
      waiting_[item] = false;
      if (!try_item(item)) continue;
      push(item);
    }
    if (found_.empty()) expect_end();
  }

 private:
  struct Node {
    explicit Node(Tokens t) : tokens(std::move(t)) {}
    Tokens tokens;
    int frame = 0, stage = -1;
    int open = 0;               // edges of the stage that have not ended
    size_t run = 0;             // of a recorded order
    int fired = 0;              // of that run
    std::vector<int> of_actor;  // process by actor
    int first_item = 0;         // of its processes
    bool ended() const { return frame >= kFrames; }
  };
  // The items that a change of a buffer may enable: its readers and writers.
  using Neighbours = std::vector<std::vector<int>>;  // items by buffer

  const PlanStage& stage_of(int n) const {
    return plan_.nodes[n].stages[nodes_[n].stage];
  }

  void find_edges() {
    for (int n = 0; n < static_cast<int>(plan_.nodes.size()); ++n) {
      const auto& stages = plan_.nodes[n].stages;
      for (int s = 0; s < static_cast<int>(stages.size()); ++s) {
        for (int p = 0; p < static_cast<int>(stages[s].ports.size()); ++p) {
          edges_of(stages[s].ports[p], {n, s, p});
        }
      }
    }
    outputs_ = std::ranges::count(edges_, Owner::kOutput, &Edge::kind);
  }

  void edges_of(const PlanPort& port, const End& here) {
    if (port.owner == Owner::kActor || port.owner == Owner::kSpill) return;
    Edge e{port.owner, port.owner_index, port.box, {}, {}};
    if (port.owner == Owner::kInput) {
      e.to = here;
      edges_.push_back(e);
    } else if (port.is_read) {
      e.from = here;
      e.sender = static_cast<int>(senders_.size());
      Sender sender;
      sender.passed.resize(size_t(port.box.rows()));
      if (port.owner == Owner::kOutput) {
        edges_.push_back(e);
        sender.edges = 1;
      } else {
        const PlanStream& stream = plan_.streams[port.owner_index];
        for (const PlanStream::End& to : stream.to) {
          e.to = {to.node, to.stage, to.port};
          edges_.push_back(e);
        }
        sender.edges = static_cast<int>(stream.to.size());
      }
      senders_.push_back(sender);
    }
  }

  // Items are edges, then the processes of each node's stage.
  void find_items() {
    int next = static_cast<int>(edges_.size());
    for (size_t n = 0; n < nodes_.size(); ++n) {
      const size_t stages = plan_.nodes[n].stages.size();
      nodes_[n].first_item = next;
      neighbours_.emplace_back(stages);
      edges_at_.emplace_back(stages);
      int most = 0;
      for (size_t s = 0; s < stages; ++s) {
        nodes_[n].tokens.enter(static_cast<int>(s));
        most = std::max(most, nodes_[n].tokens.process_count());
        processes_at(static_cast<int>(n), static_cast<int>(s));
      }
      next += most;
    }
    waiting_.resize(size_t(next));
    owner_.resize(size_t(next), -1);
    for (size_t n = 0; n < nodes_.size(); ++n) {
      const int end = n + 1 < nodes_.size() ? nodes_[n + 1].first_item : next;
      std::fill(owner_.begin() + nodes_[n].first_item, owner_.begin() + end,
                static_cast<int>(n));
    }
    for (int e = 0; e < static_cast<int>(edges_.size()); ++e) {
      for (const End& end : {edges_[e].from, edges_[e].to}) {
        if (end.node < 0) continue;
        edges_at_[end.node][end.stage].push_back(e);
        const auto& stage = plan_.nodes[end.node].stages[end.stage];
        neighbours_[end.node][end.stage][stage.ports[end.port].buffer]
            .push_back(e);
      }
    }
    for (size_t n = 0; n < nodes_.size(); ++n) {
      for (size_t s = 0; s < plan_.nodes[n].stages.size(); ++s) {
        overlays_at(static_cast<int>(n), static_cast<int>(s));
      }
    }
  }

  void processes_at(int n, int s) {
    const PlanStage& stage = plan_.nodes[n].stages[s];
    Neighbours& by_buffer = neighbours_[n][s];
    by_buffer.resize(stage.buffers.size());
    const Tokens& tokens = nodes_[n].tokens;
    for (int a = 0; a < tokens.process_count(); ++a) {
      const auto touch = [&](int port) {
        by_buffer[stage.ports[port].buffer].push_back(nodes_[n].first_item + a);
      };
      for (const Process::Read& r : tokens.process(a).reads) touch(r.port);
      if (tokens.process(a).out >= 0) touch(tokens.process(a).out);
    }
  }

  // News of a buffer is news for those that write what lies over it.
  void overlays_at(int n, int s) {
    const PlanStage& stage = plan_.nodes[n].stages[s];
    Neighbours& by_buffer = neighbours_[n][s];
    for (size_t b = 0; b < stage.buffers.size(); ++b) {
      const int under = stage.buffers[b].overlay;
      if (under < 0) continue;
      by_buffer[under].insert(by_buffer[under].end(), by_buffer[b].begin(),
                              by_buffer[b].end());
    }
  }

  void begin() {
    queue_.clear();
    std::fill(waiting_.begin(), waiting_.end(), false);
    for (Edge& e : edges_) e.frame = 0, e.row = e.box.y0;
    for (Sender& s : senders_) {
      s.row = 0;
      std::ranges::fill(s.passed, 0);
    }
    collected_.assign(kFrames, 0);
    for (int n = 0; n < static_cast<int>(nodes_.size()); ++n) {
      nodes_[n].frame = 0;
      nodes_[n].stage = -1;
      if (plan_.nodes[n].stages.empty()) {
        nodes_[n].frame = kFrames;
      } else {
        next_stage(n);
      }
    }
  }

  void next_stage(int n) {
    Node& node = nodes_[n];
    const int stages = static_cast<int>(plan_.nodes[n].stages.size());
    if (++node.stage == stages) node.stage = 0, ++node.frame;
    if (node.ended()) return;
    node.tokens.enter(node.stage);
    node.open = static_cast<int>(edges_at_[n][node.stage].size());
    node.run = 0, node.fired = 0;
    node.of_actor.assign(stage_of(n).actors.size(), -1);
    for (int a = 0; a < node.tokens.process_count(); ++a) {
      const int actor = node.tokens.process(a).actor;
      if (actor >= 0) node.of_actor[actor] = a;
      push(node.first_item + a);
    }
    for (int e : edges_at_[n][node.stage]) push(e);
  }

  void push(int item) {
    if (waiting_[item]) return;
    waiting_[item] = true;
    queue_.push_back(item);
  }

  int next_item() {
    if (asking_ == Asking::kAnyhow) {
      std::swap(queue_[random_() % queue_.size()], queue_.back());
    }
    const bool oldest = asking_ == Asking::kOldestFirst;
    const int item = oldest ? queue_.front() : queue_.back();
    oldest ? queue_.pop_front() : queue_.pop_back();
    return item;
  }

  bool try_item(int item) {
    return item < static_cast<int>(edges_.size())
               ? move_rows(edges_[item])
               : fire(owner_[item], item - nodes_[owner_[item]].first_item);
  }

  // Returns whether the node may fire this process next: any process, or the
  // next one of a recorded order.
  bool in_turn(const Node& node, int n, int process) const {
    const std::vector<PlanRun>& order = stage_of(n).order;
    if (order.empty() || node.tokens.process(process).actor < 0) return true;
    return node.run < order.size() &&
           node.of_actor[order[node.run].actor] == process;
  }

  bool fire(int n, int process) {
    Node& node = nodes_[n];
    if (node.ended() || process >= node.tokens.process_count() ||
        !in_turn(node, n, process) || !node.tokens.can_fire(process)) {
      return false;
    }
    node.tokens.fire(process);
    const std::vector<PlanRun>& order = stage_of(n).order;
    if (!order.empty() && node.tokens.process(process).actor >= 0 &&
        ++node.fired == order[node.run].firings) {
      node.fired = 0;
      if (++node.run < order.size()) {
        push(node.first_item + node.of_actor[order[node.run].actor]);
      }
    }
    tell(n);
    return true;
  }

  // Wakes the processes for which something may have changed; enters the next
  // stage if this one is done.
  void tell(int n) {
    Node& node = nodes_[n];
    for (int buffer : node.tokens.take_changed()) {
      for (int item : neighbours_[n][node.stage][buffer]) push(item);
    }
    if (!node.tokens.all_done() || node.open > 0) return;
    // Nothing may be left of a recorded order.
    if (node.run == stage_of(n).order.size()) next_stage(n);
  }

  bool there(const End& end, int frame) const {
    return end.node < 0 || (nodes_[end.node].stage == end.stage &&
                            nodes_[end.node].frame == frame);
  }

  bool coordinator_sends(int frame) const {
    const int before = frame - in_flight_;
    return before < 0 || collected_[before] == outputs_;
  }

  bool can_move(const Edge& e, Interval rows) const {
    if (e.from.node < 0
            ? !coordinator_sends(e.frame)
            : !nodes_[e.from.node].tokens.has_rows(e.from.port, rows)) {
      return false;
    }
    return e.to.node < 0 || nodes_[e.to.node].tokens.has_space(e.to.port, rows);
  }

  bool move_rows(Edge& e) {
    if (e.frame >= kFrames || !there(e.from, e.frame) ||
        !there(e.to, e.frame)) {
      return false;
    }
    Interval rows{e.row, e.row + 1 + e.box.rows() / kMostMoves};
    rows.hi = std::min(rows.hi, e.box.y1);
    while (!can_move(e, rows)) {
      if (rows.size() == 1) return false;
      rows.hi = rows.lo + rows.size() / 2;
    }
    if (e.from.node >= 0) take(e, rows);
    if (e.to.node >= 0) nodes_[e.to.node].tokens.put_rows(e.to.port, rows);
    e.row = rows.hi;
    const bool ended = e.row == e.box.y1;
    if (ended) end_frame(e);
    for (const End& end : {e.from, e.to}) {
      if (end.node < 0) continue;
      nodes_[end.node].open -= ended;
      tell(end.node);
    }
    return true;
  }

  void take(const Edge& e, Interval rows) {
    Tokens& tokens = nodes_[e.from.node].tokens;
    tokens.copy_rows(name_of(e), e.from.port, rows);
    Sender& sender = senders_[e.sender];
    for (int y = rows.lo; y < rows.hi; ++y) {
      ++sender.passed[size_t(y - e.box.y0)];
    }
    const int before = sender.row;
    while (sender.row < e.box.rows() &&
           sender.passed[size_t(sender.row)] == sender.edges) {
      sender.passed[size_t(sender.row++)] = 0;
    }
    if (sender.row > before) {
      tokens.release(e.from.port, e.box.y0 + sender.row);
    }
    if (sender.row == e.box.rows()) sender.row = 0;
  }

  void end_frame(Edge& e) {
    e.row = e.box.y0;
    const int frame = e.frame++;
    if (e.kind != Owner::kOutput || ++collected_[frame] < outputs_) return;
    for (int i = 0; i < static_cast<int>(edges_.size()); ++i) {
      if (edges_[i].kind == Owner::kInput) push(i);
    }
  }

  static std::string name_of(const Edge& e) {
    const char* kind = e.kind == Owner::kInput    ? "input "
                       : e.kind == Owner::kOutput ? "output "
                                                  : "stream ";
    return kind + std::to_string(e.number);
  }

  void expect_end() {
    std::string who;
    size_t named = 0;
    for (int n = 0; n < static_cast<int>(nodes_.size()); ++n) {
      const Node& node = nodes_[n];
      if (node.ended()) continue;
      if (++named > kMostBlocked) continue;
      who += (who.empty() ? "node " : "; node ") + std::to_string(n) +
             " in frame " + std::to_string(node.frame) + ", stage " +
             std::to_string(node.stage) + ": " + waiting_in(n);
    }
    if (named > kMostBlocked) who += "; others";
    found_.need(named == 0, "the plan does not complete: ", who);
  }

  std::string waiting_in(int n) const {
    const Node& node = nodes_[n];
    std::string who;
    const auto add = [&](const std::string& name) {
      who += (who.empty() ? "" : ", ") + name;
    };
    for (int a = 0; a < node.tokens.process_count(); ++a) {
      if (!node.tokens.done(a)) add(node.tokens.process(a).name);
    }
    for (int e : edges_at_[n][node.stage]) {
      if (edges_[e].frame <= node.frame) add(name_of(edges_[e]));
    }
    return who.empty() ? "the order goes on" : who;
  }

  const Plan& plan_;
  Findings& found_;
  std::mt19937 random_;
  Asking asking_{};
  int in_flight_ = 1;
  std::vector<Node> nodes_;
  std::vector<Edge> edges_;
  std::vector<Sender> senders_;
  int64_t outputs_ = 0;
  std::vector<int64_t> collected_;                       // by frame
  std::vector<std::vector<Neighbours>> neighbours_;      // [node][stage]
  std::vector<std::vector<std::vector<int>>> edges_at_;  // [node][stage]
  std::vector<int> owner_;                               // node by item
  std::deque<int> queue_;      // items that may be able to do something
  std::vector<bool> waiting_;  // items in the queue
};

}  // namespace

void check_completion(const Net& net, const Plan& plan,
                      const std::vector<Instances>& instances,
                      Findings& found) {
  Completion all(net, plan, instances, found);
  all.run(Asking::kOldestFirst, 1);
  if (found.empty()) all.run(Asking::kNewestFirst, kFrames);
  if (found.empty()) all.run(Asking::kAnyhow, kFrames);
}

}  // namespace shoal

#include <algorithm>
#include <string>

#include "device/program/spill_layout.h"
#include "host/check/premises.h"
#include "host/check/weights.h"

namespace shoal {
namespace {

constexpr uint64_t kCursor = 4, kState = 2;
// The bytes of the entries of the link's tables.
constexpr uint64_t kLimit = 4, kTarget = 12, kStream = 8, kRange = 8,
                   kPeer = 104, kFlight = 16;

// Bytes that something takes while a stage runs. Two that belong to different
// loops may lie over one another: only one loop fires at a time.
struct Region {
  uint64_t begin, end;
  int loop;      // -1: none
  int instance;  // -1: private sums
  std::string what;
};

class Memory {
 public:
  Memory(const Net& net, const Plan& plan, int node, const Instances& instances,
         Findings& found)
      : net_(net),
        plan_(plan),
        node_(plan.nodes[node]),
        instances_(instances),
        found_(found) {}

  void run() {
    uint64_t most = layout();
    for (int s = 0; s < static_cast<int>(node_.stages.size()); ++s) {
      const uint64_t end = stage(s);
      exact(node_.stages[s].arena_bytes, end, "stage " + std::to_string(s));
      most = std::max(most, end);
    }
    exact(node_.arena_bytes, most, "the arena");
  }

 private:
  // To the byte, or up to the alignment of whatever follows.
  void exact(uint64_t stated, uint64_t needed, const std::string& what) {
    found_.need(stated == needed || stated == aligned(needed), what,
                " is stated as ", stated, " bytes and needs ", needed);
  }

  uint64_t stage(int s) {
    listed_once(s);
    const std::vector<Region> all = regions(s);
    uint64_t end = node_.layout.buffers;
    for (size_t i = 0; i < all.size(); ++i) {
      const Region& a = all[i];
      found_.need(a.begin % kAlignment == 0, "stage ", s, ": ", a.what,
                  " is not aligned");
      found_.need(a.begin >= node_.layout.buffers, "stage ", s, ": ", a.what,
                  " lies over the fixed parts of the arena");
      end = std::max(end, a.end);
      for (size_t j = 0; j < i; ++j) {
        const Region& b = all[j];
        if (a.end <= b.begin || b.end <= a.begin) continue;
        if (a.loop >= 0 && b.loop >= 0 && a.loop != b.loop) continue;
        if (overlaid(s, a.instance, b.instance) ||
            overlaid(s, b.instance, a.instance) ||
            (in_recorded_order(s, a.instance) &&
             in_recorded_order(s, b.instance))) {
          continue;
        }
        found_.add("stage ", s, ": ", a.what, " and ", b.what,
                   " lie over one another");
      }
    }
    return end;
  }

  void listed_once(int s) {
    std::vector<int> here = instances_.of[s];
    std::ranges::sort(here);
    found_.need(std::ranges::adjacent_find(here) == here.end(), "stage ", s,
                " lists a buffer twice");
  }

  std::vector<Region> regions(int s) const {
    const PlanStage& stage = node_.stages[s];
    std::vector<Region> all;
    for (int i = 0; i < static_cast<int>(instances_.all.size()); ++i) {
      const Instance& one = instances_.all[i];
      // Variables have a fixed region; see check_variables().
      if (!one.lives_in(s) || one.buffer.variable >= 0) continue;
      all.push_back({one.begin(), one.end(), loop_of(s, i), i,
                     "tensor " + std::to_string(one.buffer.tensor)});
    }
    for (size_t a = 0; a < stage.actors.size(); ++a) {
      const PlanActor& actor = stage.actors[a];
      if (actor.accumulator_bytes == 0) continue;
      const uint64_t begin = actor.accumulator;
      all.push_back({begin, begin + actor.accumulator_bytes, actor.loop, -1,
                     "the sums of actor " + std::to_string(a)});
    }
    storage_regions(s, all);
    return all;
  }

  // Slots, page buffers, weights in SRAM for the time of the stage.
  void storage_regions(int s, std::vector<Region>& all) const {
    const auto add = [&](uint64_t begin, uint64_t bytes, std::string what) {
      all.push_back({begin, begin + bytes, -1, -1, std::move(what)});
    };
    const PlanStage& here = node_.stages[s];
    if (here.slot_count > 0) {
      add(here.slots, uint64_t{here.slot_bytes} * here.slot_count, "the slots");
    }
    for (size_t i = 0; i < here.spills.size(); ++i) {
      add(here.spills[i].offset, node_.spill_page_bytes,
          "the page of spill " + std::to_string(i));
    }
    for (size_t a = 0; a < here.actors.size(); ++a) {
      const PlanWeights& w = here.actors[a].weights;
      if (w.place != WeightPlace::kSram || w.keep || w.chunks.empty()) continue;
      add(w.offset, sram_set_bytes(net_, here, here.actors[a]),
          "the weights of actor " + std::to_string(a));
    }
  }

  int loop_of(int s, int instance) const {
    const Instance& one = instances_.all[instance];
    if (!one.buffer.is_private || one.writers.empty()) return -1;
    const PlanStage& stage = node_.stages[s];
    return stage.actors[stage.ports[one.writers[0].port].owner_index].loop;
  }

  // Returns whether `over` may lie over `under` in this stage: it is born there
  // while the other one dies.
  bool overlaid(int s, int over, int under) const {
    if (over < 0 || under < 0) return false;
    const PlanStage& stage = node_.stages[s];
    for (size_t b = 0; b < stage.buffers.size(); ++b) {
      const int below = stage.buffers[b].overlay;
      if (instances_.of[s][b] != over || below < 0) continue;
      return instances_.of[s][below] == under &&
             stage.buffers[b].first_stage == s &&
             stage.buffers[below].last_stage == s;
    }
    return false;
  }

  // Returns whether only a recorded order decides when this buffer is written
  // and read: then the tokens, which follow that order, see every row that
  // another buffer on the same bytes spoils.
  bool in_recorded_order(int s, int instance) const {
    const PlanStage& stage = node_.stages[s];
    if (instance < 0 || stage.order.empty()) return false;
    const PlanBuffer& buffer = instances_.all[instance].buffer;
    if (buffer.first_stage != s || buffer.last_stage != s) return false;
    if (buffer.is_private) return false;  // the tokens do not see inside loops
    for (const PlanPort& p : stage.ports) {
      if (instances_.of[s][p.buffer] == instance && p.owner != Owner::kActor) {
        return false;
      }
    }
    return true;
  }

  // Where the buffers begin.
  uint64_t layout() {
    const PlanLayout& l = node_.layout;
    size_t ports = 0, actors = 0;
    for (const PlanStage& s : node_.stages) {
      ports = std::max(ports, s.ports.size());
      actors = std::max(actors, s.actors.size());
    }
    found_.need(l.cursor_count == ports, "the arena has ", l.cursor_count,
                " cursors for ", ports, " ports");
    found_.need(l.state_count == actors, "the arena has ", l.state_count,
                " states for ", actors, " actors");
    uint64_t next = 0;
    region(next, l.cursors, kCursor * l.cursor_count, "the cursors");
    region(next, l.states, kState * l.state_count, "the states");
    region(next, l.head, l.head_bytes, "the head");
    region(next, l.record, l.record_bytes, "the record");
    kept(next);
    const auto pages = static_cast<uint32_t>(node_.spill_pages);
    const uint32_t state = pages ? spill_state_bytes(pages) : 0;
    found_.need(l.spill_bytes == state, "the state of ", pages, " pages takes ",
                state, " bytes, not ", l.spill_bytes);
    region(next, l.spill, l.spill_bytes, "the state of spills");
    found_.need(l.link_bytes == link_bytes(), "the link's tables take ",
                link_bytes(), " bytes, not ", l.link_bytes);
    region(next, l.link, l.link_bytes, "the link's tables");
    region(next, l.variables, l.variable_bytes, "the variables");
    int4_room(next);
    found_.need(l.buffers == aligned(next), "the buffers begin at ", l.buffers,
                " instead of ", aligned(next));
    unmapped();
    return aligned(next);
  }

  // Weights of four bits are unpacked into one region; how many at a time is
  // the planner's.
  void int4_room(uint64_t& next) {
    constexpr uint64_t kLeast = 128, kMost = 0xFFFF * uint64_t{kAlignment};
    const PlanLayout& l = node_.layout;
    const bool needed = uses_int4();
    found_.need(needed ? l.room_bytes >= kLeast && l.room_bytes <= kMost &&
                             l.room_bytes % kAlignment == 0
                       : l.room_bytes == 0,
                "the room for int4 weights has ", l.room_bytes, " bytes");
    region(next, l.room, l.room_bytes, "the room for int4 weights");
  }
  bool uses_int4() const {
    for (const PlanStage& stage : node_.stages) {
      for (const PlanActor& a : stage.actors) {
        if (!a.copy && net_.layers[a.layer].weights.int4) return true;
      }
    }
    return false;
  }

  bool uses_int16() const {
    for (const PlanStage& stage : node_.stages) {
      for (const PlanBuffer& b : stage.buffers) {
        if (b.element_bytes == 2) return true;
      }
    }
    return false;
  }

  // Sets that stay fill one region among the fixed ones; those in other banks
  // lie there from the first byte on.
  void kept(uint64_t& next) {
    const PlanLayout& l = node_.layout;
    kept_in(0, "", l.keep, l.keep_bytes);
    region(next, l.keep, l.keep_bytes, "the weights that stay");
    for (size_t b = 0; b < node_.banks.size(); ++b) {
      const PlanBank& bank = node_.banks[b];
      const std::string where = "bank " + bank.name + ": ";
      kept_in(static_cast<int>(b) + 1, where, 0, bank.bytes);
      found_.need(bank.bytes <= bank.room, where, bank.bytes,
                  " bytes are more than its ", bank.room);
    }
  }

  void kept_in(int bank, const std::string& where, uint64_t first,
               uint64_t bytes) {
    std::vector<std::pair<uint64_t, uint64_t>> sets;
    for (const PlanStage& stage : node_.stages) {
      for (const PlanActor& a : stage.actors) {
        if (!a.weights.keep || a.weights.chunks.empty()) continue;
        if (a.weights.bank != bank) continue;
        const uint64_t begin = a.weights.offset;
        sets.push_back({begin, begin + sram_set_bytes(net_, stage, a)});
      }
    }
    std::ranges::sort(sets);
    uint64_t at = first;
    for (const auto& [begin, end] : sets) {
      found_.need(begin == at, where, "weights that stay lie at ", begin,
                  " instead of ", at);
      at = end;
    }
    found_.need(at == first + bytes, where, "weights that stay take ",
                at - first, " bytes, not ", bytes);
  }

  // An image that is not memory mapped keeps its head and its largest record
  // in the arena.
  void unmapped() {
    const PlanLayout& l = node_.layout;
    if (l.head_bytes == 0 && l.record_bytes == 0) return;
    uint64_t ends = 0;
    for (const PlanStage& stage : node_.stages) {
      ends += plan_.linked ? 0u : callers(stage);
    }
    // Variables have a header; programs with weights of four bits or rows of
    // int16 have that and a table of banks in any case.
    uint64_t kept = 16 * node_.variables.size() + initial_bytes();
    const bool table = uses_int4() || uses_int16();
    if (table) kept += 16;
    if (table || !node_.variables.empty()) kept += 8;
    const uint64_t head = 176 + 8 * node_.stages.size() + 16 * ends +
                          8 * node_.peers.size() + kept;
    found_.need(l.head_bytes == aligned(head) + kTag, "the head takes ",
                aligned(head) + kTag, " bytes, not ", l.head_bytes);
    uint64_t largest = 0;
    for (size_t s = 0; s < node_.stages.size(); ++s) {
      largest = std::max(largest, record_bytes(s));
    }
    found_.need(l.record_bytes == largest, "the largest record takes ", largest,
                " bytes, not ", l.record_bytes);
  }

  // Ports through which rows cross the API.
  static uint64_t callers(const PlanStage& stage) {
    uint64_t n = 0;
    for (const PlanPort& p : stage.ports) {
      n += p.owner == Owner::kInput || p.owner == Owner::kOutput;
    }
    return n;
  }

  // Returns the bytes of variables whose elements differ from each other before
  // the first frame.
  uint64_t initial_bytes() const {
    uint64_t bytes = 0;
    for (const PlanVariable& v : node_.variables) {
      const NetVariable& of = net_.variables[v.variable];
      const NetTensor& t = net_.tensors[of.before];
      const Box& box = v.box;
      const int width = t.element_bytes;
      const auto value = [&](int y, int x, int c) {
        return of.initial[(size_t(y) * size_t(t.columns) + size_t(x)) *
                              size_t(t.channels) * size_t(width) +
                          size_t(c)];
      };
      bool alike = true;
      for (int y = box.y0; y < box.y1; ++y) {
        for (int x = box.x0; x < box.x1; ++x) {
          for (int c = width * box.c0; c < width * box.c1; ++c) {
            alike &= value(y, x, c) == value(box.y0, box.x0, width * box.c0);
          }
        }
      }
      if (!alike) bytes += uint64_t(box.elements()) * uint64_t(width);
    }
    return bytes;
  }

  // In-streams, out-streams and targets of a stage.
  struct Ends {
    uint64_t in = 0, out = 0, targets = 0;
  };
  Ends ends_of(const PlanStage& stage) const {
    Ends e;
    for (const PlanPort& p : stage.ports) {
      if (!plan_.linked || p.owner == Owner::kActor ||
          p.owner == Owner::kSpill) {
        continue;
      }
      if (!p.is_read) {
        ++e.in;
        continue;
      }
      ++e.out;
      e.targets += p.owner == Owner::kStream
                       ? plan_.streams[p.owner_index].to.size()
                       : 1;
    }
    return e;
  }

  // Returns whether rows of peers come in the stage before: then both stages'
  // in-streams are open.
  bool some_come_early(size_t s) const {
    const PlanStage& stage = node_.stages[s];
    for (const PlanPort& p : stage.ports) {
      const PlanBuffer& b = stage.buffers[p.buffer];
      if (p.owner == Owner::kStream && !p.is_read && !b.complete &&
          b.variable < 0 && b.first_stage < int(s)) {
        return true;
      }
    }
    return false;
  }

  // A limit for each target; offsets for each target and in-stream of a stage,
  // and what each of these has behind gaps; the peers, and what is in flight to
  // them.
  uint64_t link_bytes() const {
    uint64_t targets = 0, most_targets = 0, most_streams = 0, windows = 0;
    uint64_t before = 0;
    for (size_t s = 0; s < node_.stages.size(); ++s) {
      const Ends e = ends_of(node_.stages[s]);
      targets += e.targets;
      most_targets = std::max(most_targets, e.targets);
      const uint64_t also = some_come_early(s) ? before : 0;
      most_streams = std::max(most_streams, e.in + also);
      before = e.in;
    }
    for (const PlanPeer& p : node_.peers) windows += uint64_t(p.window);
    if (node_.peers.empty()) return 0;
    const auto eights = [](uint64_t v) { return (v + 7) / 8 * 8; };
    return aligned(eights(kLimit * targets) + eights(kTarget * most_targets) +
                   (kStream + kRange * uint64_t(node_.gaps)) * most_streams +
                   kPeer * node_.peers.size() + kFlight * windows);
  }

  uint64_t record_bytes(size_t index) const {
    const PlanStage& s = node_.stages[index];
    const Ends e = ends_of(s);
    uint64_t bytes = 48 + 28 * s.buffers.size() + 20 * s.ports.size() +
                     56 * s.actors.size() + 8 * s.loops.size() +
                     4 * s.order.size() + 16 * s.spills.size();
    uint64_t maps = 0;
    for (const PlanActor& a : s.actors) {
      const Layer& layer = net_.layers[a.layer];
      if (!a.weights.chunks.empty()) bytes += 12;
      bytes += 16 * a.weights.chunks.size() + 4 * layer.params.size();
      const Box& out = s.ports[a.out].box;
      if (layer.op == OpCode::kResize) maps += out.rows() + out.columns();
    }
    bytes += 12 * (e.in + e.out) + 4 * e.targets;
    return aligned(bytes + (2 * maps + 3) / 4 * 4) + kTag;
  }

  void region(uint64_t& next, uint32_t offset, uint64_t bytes,
              const char* what) {
    if (bytes == 0) return;
    found_.need(offset == aligned(next), what, " lie at ", offset,
                " instead of ", aligned(next));
    next = aligned(next) + bytes;
  }

  const Net& net_;
  const Plan& plan_;
  const PlanNode& node_;
  const Instances& instances_;
  Findings& found_;
};

}  // namespace

void check_memory(const Net& net, const Plan& plan, int node,
                  const Instances& instances, Findings& found) {
  Memory(net, plan, node, instances, found).run();
}

}  // namespace shoal

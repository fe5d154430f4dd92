#include <algorithm>
#include <map>
#include <optional>

#include "host/plan/arena/arena.h"
#include "host/plan/arena/layout.h"
#include "host/plan/build/build_plan.h"
#include "host/plan/cost/int4_room.h"
#include "host/plan/cost/plan_time.h"
#include "host/plan/cost/tape.h"
#include "host/plan/tokens/share.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

static_assert(kMostBanks == kMaxBanks);

class NodeBuilder {
 public:
  NodeBuilder(const Net& net, const Supply& supply, const LinkCounts& link,
              const std::vector<StageEnds>* ends, const BuildOptions& how,
              size_t n, PlanDraft& draft)
      : net_(net),
        supply_(supply),
        drafts_(draft.stages[n]),
        link_(link),
        ends_(ends),
        how_(how),
        alone_(draft.is_alone()),
        node_(draft.plan.nodes[n]) {
    if (!how.budgets.empty()) budget_ = how.budgets[n];
    if (!how.keeps.empty()) may_keep_ = how.keeps[n];
    if (!how.banks.empty()) give_banks(how.banks[n]);
  }

  void build() {
    if (!node_.mapped) read_from_storage();
    for (int s = 0; s < stages(); ++s) {
      cut_weights(s);
      for (PlanBuffer& b : node_.stages[s].buffers) b.first_stage = s;
    }
    if (is_linked()) link_.stage_streams = most_in_streams(node_);
    node_.layout = layout(link_, 0);
    int64_t bytes = place();
    LinkCounts link = link_;
    uint32_t keep = 0;
    if (budget_) {
      enlarge_int4_room(bytes);
      if (!alone_ && may_keep_) bytes = let_come_early(bytes);
      link = link_;
      if (is_linked()) link.gaps = gaps(bytes);
      const int64_t most = *budget_ - layout(link, 0).buffers;
      keep = fill(most, bytes);
      if (may_keep_ && keep == 0) {
        keep = keep_mapped(net_, supply_, most - bytes, node_);
      }
    }
    lay_out(net_, layout(link, keep), node_);
    node_.gaps = static_cast<int>(link.gaps);
    for (int s = 0; s < stages(); ++s) mark_overlay(s);
  }

 private:
  int stages() const { return static_cast<int>(node_.stages.size()); }
  bool is_linked() const { return link_.peers > 0; }
  PlanLayout layout(const LinkCounts& link, uint32_t keep) const {
    return make_layout(net_, node_.stages, node_.mapped, link, keep, ends_,
                       int4_room_);
  }

  void give_banks(const std::vector<Bank>& banks) {
    for (const Bank& b : banks) {
      node_.banks.push_back(
          {b.name, 0, static_cast<uint32_t>(b.free_bytes() / kAlign * kAlign)});
    }
  }

  void read_from_storage() {
    node_.storage = supply_.storage->name;
    node_.sealed = supply_.sealed;
  }

  // The orders of a node alone follow later; those of several nodes go
  // together.
  void cut_weights(int s) {
    PlanStage& stage = node_.stages[s];
    const StageDraft& draft = drafts_[s];
    bool tape = !node_.mapped;
    for (PlanActor& a : stage.actors) {
      if (a.weights.chunks.empty()) continue;
      tape |= a.weights.place != WeightPlace::kMapped;
      if (a.weights.place == WeightPlace::kSram) {
        cut_for_sram(net_, stage, a);
      }
    }
    if (!tape) return;
    read_from_storage();
    if (!alone_) return cut_tape(net_, stage, draft.chunk_limit);
    const auto& overlay = draft.overlay;
    const int late =
        overlay ? overlay_buffers(stage, draft.homes, *overlay).out : -1;
    if (how_.stages) {
      how_.stages->put_on_tape(net_, stage, late, draft.chunk_limit);
    } else {
      put_on_tape(net_, stage, late, draft.chunk_limit);
    }
    stage.slot_bytes = slot_bytes(net_, stage);
    stage.slot_count = stage.slot_bytes ? kTapeSlots : 0;
  }

  // Places everything that the stages hold, behind the fixed parts. Returns its
  // bytes.
  int64_t place() {
    ArenaPlan arena(net_, node_);
    add_all(arena);
    const std::vector<int64_t> saved = share_rings(arena);
    const int64_t fixed = node_.layout.buffers;
    return arena.place({how_.pack_tries, how_.last_tries, how_.most - fixed,
                        how_.enough - fixed},
                       saved, how_.packs ? *how_.packs : own_packs_);
  }

  void add_all(ArenaPlan& arena) {
    std::map<int, int> item_of_home;
    item_of_.assign(node_.stages.size(), {});
    for (int s = 0; s < stages(); ++s) {
      const std::vector<PlanBuffer>& buffers = node_.stages[s].buffers;
      for (int b = 0; b < static_cast<int>(buffers.size()); ++b) {
        item_of_[s].push_back(-1);
        if (buffers[b].variable >= 0) continue;
        const int home = drafts_[s].homes[b];
        const auto at = item_of_home.find(home);
        const int first = early_ && may_come_early(s, b) ? s - 1 : s;
        const int item = at != item_of_home.end()
                             ? at->second
                             : arena.add(buffers[b].bytes(), first, s);
        if (home >= 0) item_of_home[home] = item;
        item_of_[s][b] = item;
        arena.hold(item, s, b);
      }
      for (const Overlay& overlay : overlays(s)) {
        const OverlaidBuffers of =
            overlay_buffers(node_.stages[s], drafts_[s].homes, overlay);
        PackItem& out = arena.item(item_of_[s][of.out]);
        out.over = item_of_[s][of.in];
        out.lead = overlay.lead.value();
      }
    }
    arena.add_stage_items();
  }

  // Returns the bytes that sharing may save, by stage.
  std::vector<int64_t> share_rings(ArenaPlan& arena) {
    std::vector<int64_t> saved(node_.stages.size(), 0);
    for (size_t s = 0; s < saved.size(); ++s) {
      if (!drafts_[s].share) continue;
      PlanStage& stage = node_.stages[s];
      const Sharing sharing =
          share_stage(net_, stage, sharing_buffers(stage, drafts_[s].homes));
      for (size_t a = 0; a < stage.buffers.size(); ++a) {
        for (size_t b = 0; b < stage.buffers.size(); ++b) {
          if (!sharing.apart[a][b]) continue;
          arena.item(item_of_[s][a]).apart.push_back(item_of_[s][b]);
        }
      }
      saved[s] = sharing.most_saved;
    }
    return saved;
  }

  // Spends `most` bytes on storage, of which everything takes `bytes` so far.
  // The smallest packing leaves some of that between buffers; one with large
  // slots may leave it to them. A node alone with links does not try that: its
  // time is taken without links, which have to wait for slices of large chunks.
  // Returns the bytes of sets that stay.
  uint32_t fill(int64_t most, int64_t bytes) {
    PlanNode filled = node_;
    uint32_t keep = fill_arena(net_, supply_, ends_, most, bytes, filled);
    const bool may_grow = !alone_ || !is_linked();
    if (may_grow && grow_slots(most, bytes)) {
      const uint32_t kept =
          fill_arena(net_, supply_, ends_, most, bytes, node_);
      if (time_ps(node_) < time_ps(filled)) {
        filled = node_;
        keep = kept;
      }
    }
    node_ = std::move(filled);
    if (is_linked()) forget_orders();
    return keep;
  }
  // Linked nodes fire on demand where nothing is on a tape any more and no
  // rings share bytes. A node alone keeps an order that saves time.
  void forget_orders() {
    PlanNode without = node_;
    for (int s = 0; s < stages(); ++s) {
      PlanStage& stage = without.stages[s];
      if (stage.slot_count == 0 && !drafts_[s].share) stage.order.clear();
    }
    if (alone_ && time_ps(without) > time_ps(node_)) return;
    node_ = std::move(without);
  }
  int64_t time_ps(const PlanNode& node) const {
    return node_time_ps(net_, node, supply_);
  }

  // Gives slots what their stages have left of `most` bytes. Packing is not
  // perfect: if not all of it fits, less may. Updates the bytes that everything
  // takes; returns whether any slot has grown.
  bool grow_slots(int64_t most, int64_t& bytes) {
    bool any = false;
    for (int s = 0; s < stages(); ++s) {
      if (!node_.stages[s].slot_count) continue;
      ArenaPlan arena(net_, node_);
      add_all(arena);
      const int64_t each =
          (most - arena.stage_bytes(s)) / kTapeSlots / kAlign * kAlign;
      const PlanNode small = node_;
      for (const int percent : tuning::kBands) {
        const int64_t limit =
            std::min<int64_t>(small.stages[s].slot_bytes +
                                  tuning::percent_of(percent, each) - kTagBytes,
                              kMostChunk);
        if (limit < small.stages[s].slot_bytes) break;
        cut_tape(net_, node_.stages[s], static_cast<uint32_t>(limit));
        const int64_t next = place();
        if (next <= most) {
          bytes = next;
          any = true;
          break;
        }
        node_ = small;
      }
    }
    return any;
  }

  // Returns whether the buffer is a ring or box that receives rows of peers, in
  // a stage with one before it. A stage that uses storage has more than
  // buffers.
  bool may_come_early(int s, int b) const {
    const PlanStage& stage = node_.stages[s];
    const PlanBuffer& buffer = stage.buffers[b];
    if (s == 0 || !node_.mapped || !node_.storage.empty()) return false;
    if (drafts_[s].homes[b] >= 0 || buffer.complete || buffer.is_private ||
        buffer.variable >= 0 || drafts_[s].overlay) {
      return false;
    }
    return std::ranges::any_of(stage.ports, [b](const PlanPort& p) {
      return p.buffer == b && p.owner == Owner::kStream && !p.is_read;
    });
  }

  // Lets rows of peers come while the stage before runs, where their buffers
  // can have bytes of their own by then: in all stages, or where they have them
  // anyway.
  int64_t let_come_early(int64_t bytes) {
    const LinkCounts without = link_;
    const PlanNode built = node_;
    early_ = true;
    const int64_t all = place();
    early_ = false;
    link_.stage_streams = most_in_streams(node_);
    if (all <= room()) return all;
    node_ = built;
    for (int s = 1; s < stages(); ++s) {
      for (int b = 0; b < static_cast<int>(node_.stages[s].buffers.size());
           ++b) {
        PlanBuffer& buffer = node_.stages[s].buffers[b];
        if (may_come_early(s, b) && is_free_before(s, buffer)) {
          buffer.first_stage = s - 1;
        }
      }
    }
    link_.stage_streams = most_in_streams(node_);
    if (bytes <= room()) return bytes;
    node_ = built;
    link_ = without;
    return bytes;
  }

  // With more channels unpacked together, kernels arrange their input less
  // often.
  void enlarge_int4_room(int64_t bytes) {
    const PlanLayout least = layout(link_, 0);
    if (least.room_bytes == 0) return;
    const int64_t most = *budget_ - least.buffers - bytes + least.room_bytes;
    int4_room_ = static_cast<uint32_t>(std::clamp<int64_t>(
        most / kAlign * kAlign, least.room_bytes,
        std::max(least.room_bytes, wanted_int4_room(net_, node_.stages))));
  }

  bool is_free_before(int s, const PlanBuffer& b) const {
    const int64_t lo = b.offset, hi = lo + aligned(b.bytes());
    return std::ranges::none_of(
        alive_ranges(node_, s - 1),
        [&](const ArenaRange& r) { return r.lo < hi && lo < aligned(r.hi); });
  }

  // Fewer chunks make records smaller, so this is a lower bound.
  int64_t room() const { return *budget_ - layout(link_, 0).buffers; }

  // Returns the number of gaps for which there is room behind `bytes` bytes.
  uint32_t gaps(int64_t bytes) const {
    LinkCounts link = link_;
    for (link.gaps = kGaps; link.gaps > 0; --link.gaps) {
      if (layout(link, 0).buffers + bytes <= *budget_) break;
    }
    return link.gaps;
  }

  void mark_overlay(int s) {
    PlanStage& stage = node_.stages[s];
    for (const Overlay& overlay : overlays(s)) {
      const OverlaidBuffers of =
          overlay_buffers(stage, drafts_[s].homes, overlay);
      stage.buffers[of.out].overlay = of.in;
    }
  }

  std::vector<Overlay> overlays(int s) const {
    std::vector<Overlay> all = drafts_[s].kept;
    if (drafts_[s].overlay) all.push_back(*drafts_[s].overlay);
    return all;
  }

  const Net& net_;
  const Supply& supply_;
  const std::vector<StageDraft>& drafts_;
  LinkCounts link_;
  const std::vector<StageEnds>* const ends_;  // by stage; null: not linked
  const BuildOptions& how_;
  const bool alone_;
  PlanNode& node_;
  PackMemo own_packs_;  // used if no memo is given
  std::optional<int64_t> budget_;
  uint32_t int4_room_ = 0;
  bool may_keep_ = false;
  bool early_ = false;  // lays out room for rows that come early
  std::vector<std::vector<int>> item_of_;  // by stage and buffer
};

}  // namespace

void build_node(const Net& net, const Supply& supply, const LinkCounts& link,
                const std::vector<StageEnds>* ends, const BuildOptions& how,
                size_t n, PlanDraft& draft) {
  NodeBuilder(net, supply, link, ends, how, n, draft).build();
}

}  // namespace shoal

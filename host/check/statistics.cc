#include "host/check/premises.h"
#include "host/check/rows.h"
#include "host/check/weights.h"

namespace shoal {
namespace {

// Weights read in a frame lie between once (they stay in a cache, or in SRAM)
// and once a step (band of rows) with everything that is in the chunks.
struct WeightBytes {
  int64_t least = 0, most = 0;
};

class Statistics {
 public:
  Statistics(const Net& net, const Plan& plan, int node, Findings& found)
      : net_(net), plan_(plan), node_(plan.nodes[node]), found_(found) {}

  void run() {
    int64_t macs = 0, read = 0;
    for (size_t s = 0; s < node_.stages.size(); ++s) {
      stage(static_cast<int>(s));
      macs += node_.stages[s].macs;
      read += node_.stages[s].weight_read_bytes;
    }
    found_.need(node_.macs == macs, "the node states ", node_.macs,
                " MACs, its stages ", macs);
    found_.need(node_.weight_read_bytes == read, "the node states ",
                node_.weight_read_bytes, " weight bytes, its stages ", read);
    traffic();
    written();
    weights();
    storage();
  }

  // Returns the rows from and to other nodes and the coordinator.
  int64_t received() const { return received_; }
  int64_t to_coordinator() const { return to_coordinator_; }

 private:
  void traffic() {
    int64_t sent = 0;
    for (const PlanStage& stage : node_.stages) {
      for (const PlanPort& p : stage.ports) {
        if (!plan_.linked || p.owner == Owner::kActor ||
            p.owner == Owner::kSpill) {
          continue;
        }
        const int64_t bytes =
            p.box.elements() * stage.buffers[p.buffer].element_bytes;
        if (!p.is_read) {
          received_ += bytes;
        } else if (p.owner == Owner::kOutput) {
          to_coordinator_ += bytes;
          sent += bytes;
        } else {
          sent += bytes * int64_t(plan_.streams[p.owner_index].to.size());
        }
      }
    }
    found_.need(node_.sent_bytes == sent, "the node states ", node_.sent_bytes,
                " bytes sent, its streams ", sent);
    found_.need(node_.received_bytes == received_, "the node states ",
                node_.received_bytes, " bytes received, its streams ",
                received_);
  }

  // Whole pages; nothing else is written.
  void written() {
    int64_t all = 0;
    for (size_t s = 0; s < node_.stages.size(); ++s) {
      const PlanStage& stage = node_.stages[s];
      int64_t pages = 0;
      for (const PlanSpill& spill : stage.spills) {
        if (stage.ports[spill.port].is_read) pages += spill.pages;
      }
      const int64_t bytes = pages * node_.spill_page_bytes;
      found_.need(stage.storage_written_bytes == bytes, "stage ", s, " states ",
                  stage.storage_written_bytes, " bytes written and writes ",
                  bytes);
      all += bytes;
    }
    found_.need(node_.storage_written_bytes == all, "the node states ",
                node_.storage_written_bytes, " bytes written and writes ", all);
  }

  // Where weights lie. What a node of many has in mapped flash it may leave
  // unsaid.
  void weights() {
    int64_t flash = 0, sram = 0, tape = 0;
    bool stored = !node_.mapped;
    for (const PlanStage& stage : node_.stages) {
      for (const PlanActor& a : stage.actors) {
        const auto bytes =
            static_cast<int64_t>(weights_of(net_, stage, a).bytes);
        switch (a.weights.place) {
          case WeightPlace::kMapped:
            flash += bytes;
            break;
          case WeightPlace::kSram:
            sram += bytes;
            // Weights that stay may be copied from a mapped program.
            stored |= bytes > 0 && !a.weights.keep;
            break;
          case WeightPlace::kTape:
            tape += bytes;
            stored |= bytes > 0;
            break;
        }
      }
    }
    const auto need = [&](const char* where, int64_t stated, int64_t bytes) {
      found_.need(stated == bytes, "the node states ", stated, " weight bytes ",
                  where, " and has ", bytes);
    };
    if (!plan_.linked || node_.flash_weight_bytes != 0) {
      need("in flash", node_.flash_weight_bytes, flash);
    }
    need("in SRAM", node_.sram_weight_bytes, sram);
    need("on the tape", node_.tape_bytes, tape);
    found_.need(!stored || !node_.storage.empty(),
                "the node reads from a storage that it does not name");
    found_.need(!node_.sealed || !node_.storage.empty(),
                "a node without storage has sealed it");
    found_.need(node_.mapped == (node_.layout.head_bytes == 0), "the node is ",
                node_.mapped ? "" : "not ", "mapped, its head lies elsewhere");
  }

  // Most reads of each chunk: another one may have come between two parts that
  // share it.
  int64_t tape_passes(const PlanStage& stage, const PlanActor& a) const {
    if (a.loop >= 0) {
      const PlanLoop& l = stage.loops[a.loop];
      return steps(stage, stage.actors[l.first_actor + l.actors - 1]);
    }
    return a.weights.parts == 1 ? actor_firings(stage, a) : steps(stage, a);
  }

  // Bounds what a frame reads of storage: each chunk of the tape is read at
  // least once and at most once a firing; all else is exact.
  void storage() {
    int64_t all = 0;
    for (size_t s = 0; s < node_.stages.size(); ++s) {
      const PlanStage& stage = node_.stages[s];
      int64_t fixed = 0, least = 0, most = 0;
      for (const PlanSpill& spill : stage.spills) {
        fixed += int64_t{spill.pages} * node_.spill_page_bytes;
      }
      for (const PlanActor& a : stage.actors) {
        const WeightSum w = weights_of(net_, stage, a);
        const auto bytes = static_cast<int64_t>(w.bytes + kTag * w.chunks);
        if (a.weights.place == WeightPlace::kTape) {
          least += bytes, most += bytes * tape_passes(stage, a);
        } else if (a.weights.place == WeightPlace::kSram && !a.weights.keep) {
          fixed += bytes;
        }
      }
      // The only record need not be read again.
      if (!node_.mapped && node_.stages.size() > 1) {
        most += node_.layout.record_bytes;
      }
      found_.need(stage.storage_read_bytes >= fixed + least &&
                      stage.storage_read_bytes <= fixed + most,
                  "stage ", s, " states ", stage.storage_read_bytes,
                  " bytes read from storage, which are ", fixed + least, " to ",
                  fixed + most);
      all += stage.storage_read_bytes;
    }
    found_.need(node_.storage_read_bytes == all, "the node states ",
                node_.storage_read_bytes,
                " bytes read from storage, its "
                "stages ",
                all);
  }

  void stage(int s) {
    const PlanStage& stage = node_.stages[s];
    int64_t macs = 0, firings = 0;
    WeightBytes weights;
    for (size_t i = 0; i < stage.actors.size(); ++i) {
      const PlanActor& a = stage.actors[i];
      macs += actor_macs(stage, static_cast<int>(i));
      firings += actor_firings(stage, a);
      add_weights(stage, a, weights);
    }
    found_.need(stage.macs == macs, "stage ", s, " states ", stage.macs,
                " MACs and makes ", macs);
    found_.need(stage.firings == firings, "stage ", s, " states ",
                stage.firings, " firings and needs ", firings);
    found_.need(stage.weight_read_bytes >= weights.least &&
                    stage.weight_read_bytes <= weights.most,
                "stage ", s, " states ", stage.weight_read_bytes,
                " weight bytes, which are ", weights.least, " to ",
                weights.most);
  }

  // Returns all * some / whole, rounded down.
  static int64_t part(int64_t all, int64_t some, int64_t whole) {
    return all / whole * some + all % whole * some / whole;
  }

  // Returns the layer's, by the share of its output and of its input channels.
  int64_t actor_macs(const PlanStage& stage, int index) const {
    const PlanActor& a = stage.actors[index];
    const Layer& layer = net_.layers[a.layer];
    if (has_state(layer.op)) return layer.macs;  // it has one owner
    const int64_t whole = layer.out.box.elements();
    const Box out = made_box(net_, stage, index);
    int64_t macs = part(layer.macs, out.elements(), whole);
    if (!(a.init && a.final)) {
      const int channels = read_box(net_, stage, index, 0).channels();
      macs = part(macs, channels, layer.in[0].box.channels());
    }
    return a.loop < 0 ? macs : macs / out.rows() * looped_rows(stage, index);
  }

  // Returns the rows of an actor in a loop: for each band those that the actors
  // behind it need.
  int64_t looped_rows(const PlanStage& stage, int index) const {
    const PlanLoop& loop = stage.loops[stage.actors[index].loop];
    const int last = loop.first_actor + loop.actors - 1;
    const Box& out = stage.ports[stage.actors[last].out].box;
    int64_t sum = 0;
    for (int y = out.y0; y < out.y1; y += loop.band) {
      Interval rows{y, std::min(y + loop.band, out.y1)};
      for (int j = last; j > index; --j) {
        const Layer& l = net_.layers[stage.actors[j].layer];
        rows = row_dependence(l, 0, rows, {0, l.kernel_h});
      }
      sum += rows.hi - rows.lo;
    }
    return sum;
  }

  int64_t steps(const PlanStage& stage, const PlanActor& a) const {
    const int rows = stage.ports[a.out].box.rows();
    return (rows + a.band - 1) / a.band;
  }

  int64_t actor_firings(const PlanStage& stage, const PlanActor& a) const {
    if (a.loop >= 0) {
      const PlanLoop& l = stage.loops[a.loop];
      const PlanActor& last = stage.actors[l.first_actor + l.actors - 1];
      return &a == &last ? steps(stage, a) : 0;
    }
    const Layer& layer = net_.layers[a.layer];
    const bool cut = slides(layer.op) && a.part < layer.kernel_h;
    const int parts = cut ? (layer.kernel_h + a.part - 1) / a.part : 1;
    return steps(stage, a) * parts;
  }

  void add_weights(const PlanStage& stage, const PlanActor& a,
                   WeightBytes& sum) const {
    if (a.weights.chunks.empty()) return;
    const Layer& layer = net_.layers[a.layer];
    const auto weights = static_cast<int64_t>(layer.weights.values.size());
    const int64_t values = layer.weights.int4 ? (weights + 1) / 2 : weights;
    const int64_t channels = static_cast<int64_t>(layer.weights.bias.size());
    const Box& out = stage.ports[a.out].box;
    const bool whole = out == layer.out.box && a.init && a.final;
    const int64_t padding = 12 * static_cast<int64_t>(a.weights.chunks.size());
    const int64_t passes = a.loop >= 0 ? stage.ports[a.out].box.rows()
                           : a.weights.place == WeightPlace::kTape
                               ? tape_passes(stage, a)
                               : steps(stage, a);
    sum.least += whole ? values : 0;
    sum.most += passes * (values + a.weights.parts * 9 * channels + padding);
  }

  const Net& net_;
  const Plan& plan_;
  const PlanNode& node_;
  Findings& found_;
  int64_t received_ = 0, to_coordinator_ = 0;
};

}  // namespace

void check_statistics(const Net& net, const Plan& plan, Findings& found) {
  int64_t macs = 0, traffic = 0;
  for (int n = 0; n < static_cast<int>(plan.nodes.size()); ++n) {
    if (plan.linked) found.set_where("node " + std::to_string(n) + ", ");
    Statistics node(net, plan, n, found);
    node.run();
    macs += plan.nodes[n].macs;
    traffic += node.received() + node.to_coordinator();
  }
  found.set_where("");
  found.need(plan.macs == macs, "the plan states ", plan.macs,
             " MACs, its nodes ", macs);
  found.need(plan.model_macs == net.model_macs, "the plan states ",
             plan.model_macs, " MACs of the model instead of ", net.model_macs);
  found.need(plan.traffic_bytes == traffic, "the plan states ",
             plan.traffic_bytes, " bytes of traffic, its streams ", traffic);
}

}  // namespace shoal

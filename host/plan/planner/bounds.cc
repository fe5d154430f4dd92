#include "host/plan/planner/bounds.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <utility>

#include "host/plan/cost/tape.h"
#include "host/plan/cost/time.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/draft/cut_net.h"
#include "host/plan/planner/needed_work.h"
#include "host/plan/types/boxes.h"
#include "host/plan/types/uses.h"

namespace shoal {
namespace {

// Nodes with equal figures.
struct NodeClass {
  const ClusterNode* node = nullptr;
  double count = 0;
};

bool same_figures(const ClusterNode& a, const ClusterNode& b) {
  const auto figures = [](const ClusterNode& n) {
    const Board& o = n.board;
    const Costs& c = o.costs;
    return std::array{o.clock_hz,
                      c.pointwise,
                      c.conv,
                      c.depthwise,
                      c.fully_connected,
                      c.element,
                      c.flash_bytes_per_s,
                      o.link_bits_per_s,
                      o.link_latency_us,
                      o.framing_bytes,
                      o.datagram_us,
                      o.aead_cycles_per_byte,
                      o.check_cycles_per_byte,
                      o.flash_mapped ? 1.0 : 0.0};
  };
  return figures(a) == figures(b) && a.storage == b.storage &&
         a.board.name == b.board.name;
}

// The seconds for which a unit of a job occupies a resource.
struct ResourceUse {
  size_t resource = 0;
  double seconds = 0;
};
using UseList = std::vector<ResourceUse>;

// An amount of work that may be split between ways in any proportion.
struct Job {
  double amount = 0;
  std::vector<UseList> ways;
};

// A frame needs all jobs, and each resource is available for the frame's time.
// For any prices of resources that add up to 1, the frame takes at least the
// cost of all jobs by their cheapest ways. The class looks for good prices.
class Market {
 public:
  size_t add_resource() { return resources_++; }
  void add(Job job) {
    if (job.amount > 0 && !job.ways.empty()) jobs_.push_back(std::move(job));
  }

  double least_seconds() const {
    if (resources_ == 0) return 0;
    // Starts with equal prices, with each resource alone, and with prices by
    // speed.
    std::vector<double> best(resources_, 1.0 / double(resources_));
    double most = cost(best);
    const auto offer = [&](std::vector<double> prices) {
      const double seconds = cost(prices);
      if (seconds <= most) return false;
      most = seconds, best = std::move(prices);
      return true;
    };
    for (size_t r = 0; r < resources_; ++r) {
      std::vector<double> one(resources_, 0);
      one[r] = 1;
      offer(std::move(one));
    }
    offer(by_speed());
    climb(best, offer);
    return most;
  }

 private:
  static constexpr int kRounds = 12;
  static constexpr double kGain = 1e-4;  // least relative gain to go on

  template <typename Offer>
  void climb(std::vector<double>& best, const Offer& offer) const {
    double step = 0.5;
    for (int round = 0; round < kRounds; ++round, step /= 2) {
      for (int again = 0; again < kRounds; ++again) {
        const double before = cost(best);
        for (size_t r = 0; r < resources_; ++r) {
          for (const double by : {step, -step}) {
            std::vector<double> prices = best;
            prices[r] =
                by > 0 ? prices[r] * (1 - by) + by : prices[r] * (1 + by);
            const double sum =
                std::accumulate(prices.begin(), prices.end(), 0.0);
            if (sum <= 0) continue;
            for (double& p : prices) p /= sum;
            offer(std::move(prices));
          }
        }
        if (cost(best) <= before * (1 + kGain)) break;
      }
    }
  }

  double cost(const std::vector<double>& prices) const {
    double seconds = 0;
    for (const Job& job : jobs_) {
      double least = std::numeric_limits<double>::max();
      for (const UseList& way : job.ways) {
        double price = 0;
        for (const ResourceUse& u : way)
          price += prices[u.resource] * u.seconds;
        least = std::min(least, price);
      }
      seconds += job.amount * least;
    }
    return seconds;
  }

  // Prices each resource by the speed at which it could do all jobs that it
  // can.
  std::vector<double> by_speed() const {
    std::vector<double> alone(resources_, 0), prices(resources_, 0);
    for (const Job& job : jobs_) {
      for (const UseList& way : job.ways) {
        for (const ResourceUse& u : way) {
          alone[u.resource] += job.amount * u.seconds;
        }
      }
    }
    double sum = 0;
    for (size_t r = 0; r < resources_; ++r) {
      if (alone[r] > 0) sum += prices[r] = 1 / alone[r];
    }
    for (double& p : prices) p = sum > 0 ? p / sum : 0;
    return prices;
  }

  size_t resources_ = 0;
  std::vector<Job> jobs_;
};

double link_seconds(const Board& b) {
  return b.link_bits_per_s > 0 ? 8 / b.link_bits_per_s : 0;
}

// Returns the bytes of weights that are read in a frame if all arenas are full
// of those that are read most often.
double read_bytes(std::vector<WeightGroup> groups, int64_t kept) {
  std::stable_sort(groups.begin(), groups.end(),
                   [](const WeightGroup& a, const WeightGroup& b) {
                     return a.reads * b.bytes > b.reads * a.bytes;
                   });
  double reads = 0;
  for (const WeightGroup& g : groups) {
    const int64_t part = std::min(kept, g.bytes);
    kept -= part;
    reads += static_cast<double>(g.reads) *
             (1 - static_cast<double>(part) / static_cast<double>(g.bytes));
  }
  return reads;
}

class BoundFinder {
 public:
  BoundFinder(const Cluster& cluster, const BoundOptions& options)
      : options_(options) {
    for (const ClusterNode& n : cluster.nodes) {
      kept_ += n.plan_budget();
      for (const Bank& b : n.kept_banks()) kept_ += b.free_bytes();
      fastest_link_ = std::min(fastest_link_, link_seconds(n.board));
      least_framing_ = std::min(least_framing_, n.board.framing_bytes);
      soonest_us_ = std::min(soonest_us_, n.board.link_latency_us);
      const auto same = std::find_if(
          classes_.begin(), classes_.end(),
          [&](const NodeClass& c) { return same_figures(*c.node, n); });
      if (same != classes_.end()) {
        ++same->count;
      } else {
        classes_.push_back({&n, 1});
      }
    }
  }

  double seconds(const WorkUnits& units,
                 const std::vector<WeightGroup>& weights,
                 const NeededWork& work) const {
    Market market;
    std::vector<size_t> cores;
    for (size_t c = 0; c < classes_.size(); ++c) {
      cores.push_back(market.add_resource());
    }
    for (size_t k = 0; k < units.size(); ++k) {
      Job job{units[k], {}};
      for (size_t c = 0; c < classes_.size(); ++c) {
        job.ways.push_back({{cores[c], unit_seconds(static_cast<WorkKind>(k),
                                                    classes_[c].node->board) /
                                           classes_[c].count}});
      }
      market.add(std::move(job));
    }
    add_weights(read_bytes(weights, kept_), cores, market);
    if (options_.linked) {
      add_link(static_cast<double>(work.input_bytes), cores, market);
      add_link(static_cast<double>(work.output_bytes), cores, market);
    }
    return market.least_seconds();
  }

  // Returns the time before the first row can arrive and after the last one has
  // left. A transfer takes the longer of both ends' latencies, and the
  // coordinator's is the least.
  double ways_seconds() const {
    return options_.linked ? 2 * soonest_us_ * 1e-6 : 0;
  }

 private:
  void add_weights(double bytes, const std::vector<size_t>& cores,
                   Market& market) const {
    Job job{bytes, {}};
    for (size_t c = 0; c < classes_.size(); ++c) {
      const ClusterNode& n = *classes_[c].node;
      const double count = classes_[c].count;
      const double rate = n.board.costs.flash_bytes_per_s;
      const double mapped = rate > 0 ? 1 / rate : 0;
      if (n.board.flash_mapped && n.flash_weights != 0) {
        job.ways.push_back({{cores[c], mapped / count}});
      }
      if (n.board.storages.empty()) continue;
      // The core's check is the cheaper of those for sealed and plain chunks.
      const Storage& s = find_storage(n.board, n.storage);
      const double cycles =
          std::min(n.board.aead_cycles_per_byte, n.board.check_cycles_per_byte);
      job.ways.push_back(
          {{cores[c], cycles / n.board.clock_hz / count},
           {market.add_resource(), 1 / s.read_bytes_per_s / count}});
    }
    market.add(std::move(job));
  }

  // Adds bytes between the coordinator and nodes in one direction.
  void add_link(double bytes, const std::vector<size_t>& cores,
                Market& market) const {
    const size_t coordinator = market.add_resource();
    Job job{bytes, {}};
    for (size_t c = 0; c < classes_.size(); ++c) {
      const Board& b = classes_[c].node->board;
      const double core =
          (options_.encrypted ? b.aead_cycles_per_byte / b.clock_hz : 0) +
          b.datagram_us * 1e-6 / options_.max_payload;
      const double framing = 1 + b.framing_bytes / options_.max_payload;
      job.ways.push_back(
          {{cores[c], core / classes_[c].count},
           {market.add_resource(),
            link_seconds(b) * framing / classes_[c].count},
           {coordinator,
            fastest_link_ * (1 + least_framing_ / options_.max_payload)}});
    }
    market.add(std::move(job));
  }

  const BoundOptions& options_;
  std::vector<NodeClass> classes_;
  int64_t kept_ = 0;
  double fastest_link_ = std::numeric_limits<double>::max();
  double least_framing_ = std::numeric_limits<double>::max();
  double soonest_us_ = std::numeric_limits<double>::max();
};

double compute_seconds(const Net& net, const PlanStage& stage,
                       const PlanActor& a, const Board& board) {
  return static_cast<double>(actor_time(net, stage, a, board).compute_ps) /
         kPicoseconds;
}

std::vector<double> share_bounds(const Net& net, const Cluster& cluster,
                                 const BoundOptions& options,
                                 const Plan& plan) {
  std::vector<double> bounds;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    const PlanNode& node = plan.nodes[n];
    const Board& board = cluster.nodes[n].board;
    double seconds = 0, bytes = 0;
    for (const PlanStage& stage : node.stages) {
      for (const PlanActor& a : stage.actors) {
        seconds += compute_seconds(net, stage, a, board);
        if (a.weights.place != WeightPlace::kMapped) continue;
        for (const PlanChunk& c : a.weights.chunks) {
          bytes += chunk_bytes(net, stage, a, c);
        }
      }
    }
    const double rate = board.costs.flash_bytes_per_s;
    if (rate > 0) seconds += bytes / rate;
    const double rows =
        static_cast<double>(node.sent_bytes + node.received_bytes);
    if (options.linked) {
      seconds += rows * board.datagram_us * 1e-6 / options.max_payload;
      if (options.encrypted) {
        seconds += rows * board.aead_cycles_per_byte / board.clock_hz;
      }
    }
    bounds.push_back(seconds);
  }
  return bounds;
}

// Returns own boxes by node, empty where the node has no share. Sums of inputs
// are left out.
std::vector<Box> owned(const LayerCut& cut, size_t nodes) {
  std::vector<Box> own(nodes);
  if (cut.kind == CutKind::kInputs) return own;
  for (const Share& s : cut.shares) own[s.node] = s.own;
  return own;
}

// Returns the elements of `need` that other nodes must send, even if the node
// makes other nodes' rows and columns itself.
int64_t elements_sent(const Box& need, const Box& own) {
  if (need.empty()) return 0;
  if (own.empty()) return need.elements();
  const int both =
      std::max(0, std::min(need.c1, own.c1) - std::max(need.c0, own.c0));
  return int64_t{need.rows()} * need.columns() * (need.channels() - both);
}

}  // namespace

LowerBound lower_bound(const Net& net, const Cluster& cluster,
                       const BoundOptions& options) {
  const NeededWork work = needed_work(net);
  const BoundFinder bound(cluster, options);
  LowerBound b;
  b.macs = work.macs;
  for (const WeightGroup& g : work.weights) b.weight_bytes += g.reads;
  b.input_bytes = work.input_bytes;
  b.output_bytes = work.output_bytes;
  if (options.linked) b.traffic_bytes = work.input_bytes + work.output_bytes;
  b.period_s = bound.seconds(work.units, work.weights, work);
  b.latency_s = bound.ways_seconds() +
                bound.seconds(work.after_input, work.weights_after_input, work);
  return b;
}

LowerBound lower_bound(const Net& net, const PlanRequest& request) {
  return lower_bound(
      net, request.cluster,
      {.linked = request.over_links(), .max_payload = request.max_payload});
}

LowerBound plan_bound(const Net& net, const Cluster& cluster,
                      const BoundOptions& options, const Plan& plan) {
  LowerBound b = lower_bound(net, cluster, options);
  b.nodes_s = share_bounds(net, cluster, options, plan);
  return b;
}

CutBound cut_bound(const Net& net, const PlanRequest& request,
                   const Cuts& cuts) {
  const size_t nodes = request.cluster.nodes.size();
  std::vector<int64_t> ps(nodes), bytes(nodes);
  const std::vector<TensorUses> uses = find_uses(net);
  std::vector<std::vector<Box>> own;
  for (size_t l = 0; l < net.layers.size(); ++l) {
    own.push_back(owned(cuts.layers[l], nodes));
    const Layer& layer = net.layers[l];
    for (size_t n = 0; n < nodes; ++n) {
      const Box& box = own[l][n];
      if (box.empty()) continue;
      const int channels =
          layer.in[0].tensor < 0 ? 0 : layer.in[0].box.channels();
      ps[n] +=
          share_time(layer, {box, channels}, work_for(layer, box.rows(), 1),
                     request.cluster.nodes[n].board)
              .compute_ps;
    }
  }
  for (size_t t = 0; t < uses.size(); ++t) {
    const auto& writers = uses[t].writers;
    if (writers.size() != 1 || writers[0].owner != Owner::kActor) continue;
    const int w = writers[0].index;
    if (cuts.layers[w].kind == CutKind::kInputs) continue;
    if (is_repeated(net.layers[w])) continue;
    for (size_t n = 0; n < nodes; ++n) {
      int64_t most = 0;
      for (const Use& r : uses[t].readers) {
        if (r.owner != Owner::kActor || own[r.index][n].empty()) continue;
        const Box need =
            common(needed_box(net.layers[r.index], r.operand, own[r.index][n]),
                   net.layers[w].out.box);
        most = std::max(most, elements_sent(need, own[w][n]));
      }
      bytes[n] += most * net.tensors[t].element_bytes;
    }
  }
  CutBound bound;
  for (size_t n = 0; n < nodes; ++n) {
    const Board& board = request.cluster.nodes[n].board;
    const auto sent = static_cast<double>(bytes[n]);
    const double link = sent * board.aead_cycles_per_byte / board.clock_hz +
                        sent / request.max_payload * board.datagram_us * 1e-6;
    bound.ps = std::max(bound.ps, ps[n] + picoseconds(link));
    bound.sent_bytes += bytes[n];
  }
  return bound;
}

}  // namespace shoal

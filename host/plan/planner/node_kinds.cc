#include "host/plan/planner/node_kinds.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <tuple>

#include "host/plan/planner/bounds.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// Returns numbers of the first of these nodes: those that leave out a class of
// slower ones, the largest first, then one half of them, a quarter and so on.
std::vector<size_t> fewer_of(const std::vector<ClusterNode>& nodes,
                             const std::vector<int>& order, bool each) {
  std::vector<size_t> counts;
  for (size_t k = order.size(); k-- > 1;) {
    const double slower = nodes[order[k]].rating;
    if (each || nodes[order[k - 1]].rating >= tuning::kFarOff * slower) {
      counts.push_back(k);
    }
  }
  if (each) return counts;
  counts.resize(std::min(counts.size(), tuning::kMostClasses));
  for (size_t half = order.size() / 2; half > 0; half /= 2) {
    counts.push_back(half);
  }
  return counts;
}

// Returns the seconds that a full datagram takes to the node.
double datagram_s(const PlanRequest& request, int node) {
  const Board& board = request.cluster.nodes[static_cast<size_t>(node)].board;
  return board.link_latency_us * 1e-6 +
         8.0 * request.max_payload / board.link_bits_per_s;
}

// Returns some of these nodes: those that may be fastest alone, the fastest
// first. Of nodes with equal bounds and links only the one with most memory is
// included.
std::vector<int> soonest_alone(const Net& net, const PlanRequest& request,
                               const std::vector<int>& nodes) {
  // `order`: the least time, then the latency and the rate of the link; less is
  // better.
  struct Lone {
    int node;
    std::tuple<double, double, double> order;
    int64_t budget;
  };
  std::vector<Lone> all;
  for (const int n : nodes) {
    const ClusterNode& node = request.cluster.nodes[static_cast<size_t>(n)];
    const Board& board = node.board;
    all.push_back({n,
                   {least_s(net, request, {n}), board.link_latency_us,
                    -board.link_bits_per_s},
                   node.plan_budget()});
  }
  std::ranges::stable_sort(all, [](const Lone& a, const Lone& b) {
    return a.order != b.order ? a.order < b.order : a.budget > b.budget;
  });
  all.erase(std::unique(all.begin(), all.end(),
                        [](const Lone& a, const Lone& b) {
                          return a.order == b.order;
                        }),
            all.end());
  std::vector<int> soonest;
  for (const Lone& l : all) {
    if (soonest.size() < tuning::kMostClasses) soonest.push_back(l.node);
  }
  return soonest;
}

}  // namespace

std::vector<int> fastest_first(const Cluster& cluster) {
  std::vector<int> order = nodes_to_share(cluster);
  std::ranges::stable_sort(order, std::greater{}, [&](int n) {
    return cluster.nodes[static_cast<size_t>(n)].rating;
  });
  return order;
}

std::vector<int> first_nodes(const std::vector<int>& order, size_t count) {
  return {order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count)};
}

bool are_alike(const ClusterNode& a, const ClusterNode& b) {
  const Board &on = a.board, &other = b.board;
  return on.name == other.name && on.clock_hz == other.clock_hz &&
         on.costs == other.costs &&
         on.aead_cycles_per_byte == other.aead_cycles_per_byte &&
         on.check_cycles_per_byte == other.check_cycles_per_byte &&
         a.plan_budget() == b.plan_budget() &&
         a.flash_budget() == b.flash_budget() &&
         a.flash_weights == b.flash_weights && a.storage == b.storage &&
         a.sealed == b.sealed && a.keeps_weights == b.keeps_weights &&
         a.all_banks == b.all_banks;
}

bool have_equal_links(const ClusterNode& a, const ClusterNode& b) {
  return a.board.link_bits_per_s == b.board.link_bits_per_s &&
         a.board.link_latency_us == b.board.link_latency_us;
}

bool are_alike(const std::vector<ClusterNode>& nodes) {
  const ClusterNode& first = nodes.front();
  return std::ranges::all_of(nodes, [&](const ClusterNode& n) {
    return are_alike(n, first) && have_equal_links(n, first) && !n.left_out &&
           n.rating == first.rating;
  });
}

double least_s(const Net& net, const PlanRequest& request,
               const std::vector<int>& nodes) {
  Cluster crew = request.cluster;
  crew.nodes.clear();
  for (const int n : nodes) {
    crew.nodes.push_back(request.cluster.nodes[static_cast<size_t>(n)]);
  }
  return lower_bound(net, crew,
                     {.linked = true, .max_payload = request.max_payload})
      .latency_s;
}

std::vector<std::vector<int>> smaller_crews(const Net& net,
                                            const PlanRequest& request,
                                            const std::vector<int>& nodes,
                                            bool each) {
  const std::vector<ClusterNode>& all = request.cluster.nodes;
  std::vector<std::vector<int>> crews;
  // Leaves out one class after the other of nodes with least of something.
  const auto leave_out = [&](const auto& without_least) {
    std::vector<int> left = nodes;
    for (size_t i = 0; i < tuning::kMostClasses; ++i) {
      without_least(left);
      if (left.empty()) return;
      crews.push_back(left);
    }
  };
  leave_out([&](std::vector<int>& left) {
    const auto bytes = [&](int n) { return all[n].plan_budget(); };
    const int64_t least = bytes(*std::ranges::min_element(left, {}, bytes));
    std::erase_if(left, [&](int n) { return bytes(n) < 2 * least; });
  });
  for (const size_t count : fewer_of(all, nodes, each)) {
    crews.push_back(first_nodes(nodes, count));
  }
  if (request.objective != Objective::kLatency) return crews;
  leave_out([&](std::vector<int>& left) {
    const auto time = [&](int n) { return datagram_s(request, n); };
    const double most = time(*std::ranges::max_element(left, {}, time));
    std::erase_if(left,
                  [&](int n) { return tuning::kFarOff * time(n) >= most; });
  });
  if (request.compared) return crews;
  for (const int n : soonest_alone(net, request, nodes)) crews.push_back({n});
  return crews;
}

std::vector<std::vector<int>> crews_of_first_nodes(std::vector<int> nodes) {
  std::vector<std::vector<int>> crews;
  for (int first = *std::ranges::max_element(nodes); first > 0; --first) {
    std::erase_if(nodes, [&](int n) { return n >= first; });
    for (size_t count = nodes.size(); count > 0; --count) {
      crews.push_back(first_nodes(nodes, count));
    }
  }
  return crews;
}

}  // namespace shoal

#include "host/plan/tokens/overlay.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "host/plan/tokens/token_simulation.h"

namespace shoal {
int64_t round_up_lead(int64_t v) {
  const int64_t a = kAlign;
  return (v >= 0 ? v + a - 1 : v) / a * a;
}

bool is_kept_over(const Net& net, const std::vector<TensorUses>& uses,
                  int tensor, Segment s) {
  const int under = net.tensors[tensor].over;
  return under >= 0 && s.holds(uses[tensor].first) &&
         uses[tensor].last >= s.end && uses[under].first < s.begin &&
         s.holds(uses[under].last);
}

std::vector<Overlay> kept_overlays(const Net& net,
                                   const std::vector<TensorUses>& uses,
                                   Segment s) {
  std::vector<Overlay> all;
  for (int t = 0; t < static_cast<int>(uses.size()); ++t) {
    if (!is_kept_over(net, uses, t, s)) continue;
    const int under = net.tensors[t].over;
    const int64_t more = net.tensors[t].bytes() - net.tensors[under].bytes();
    all.push_back({under, t, round_up_lead(std::max<int64_t>(0, more))});
  }
  return all;
}

std::optional<Overlay> overlay_pair(const Net& net,
                                    const std::vector<TensorUses>& uses,
                                    Segment s) {
  Overlay best;
  std::vector<bool> taken(uses.size(), false);
  for (const Overlay& kept : kept_overlays(net, uses, s)) {
    taken[kept.in] = taken[kept.out] = true;
  }
  int64_t in_bytes = 0, out_bytes = 0;
  for (size_t t = 0; t < uses.size(); ++t) {
    const TensorUses& u = uses[t];
    if (u.first < 0 || taken[t]) continue;
    const int64_t bytes = net.tensors[t].bytes();
    const bool dies = u.last_write < s.begin && s.holds(u.last);
    const bool is_made = u.first >= s.begin && u.last_write < s.end &&
                         u.first < s.end && u.last >= s.end &&
                         u.page_bytes == 0;
    if (dies && bytes > in_bytes) {
      in_bytes = bytes;
      best.in = static_cast<int>(t);
    }
    if (is_made && bytes > out_bytes) {
      out_bytes = bytes;
      best.out = static_cast<int>(t);
    }
  }
  if (best.in < 0 || best.out < 0) return std::nullopt;
  return best;
}

std::vector<int> ranks_with_late(const StageTokens& tokens,
                                 const std::function<bool(int)>& is_late) {
  const std::vector<int> depth = depth_ranks(tokens);
  std::vector<int> order(static_cast<size_t>(tokens.processes()));
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {},
                    [&](int p) { return std::pair(!is_late(p), depth[p]); });
  std::vector<int> rank(order.size());
  for (size_t r = 0; r < order.size(); ++r) {
    rank[order[r]] = static_cast<int>(r);
  }
  return rank;
}

int64_t smallest_lead(const Net& net, const PlanStage& stage,
                      const Overlay& overlay) {
  const auto buffer_of = [&](int tensor) {
    const auto at =
        std::ranges::find(stage.buffers, tensor, &PlanBuffer::tensor);
    return static_cast<int>(at - stage.buffers.begin());
  };
  std::vector<OverlaidBuffers> pair{
      {buffer_of(overlay.in), buffer_of(overlay.out)}};
  find_leads(net, stage, {}, pair);
  return pair[0].lead;
}

void find_leads(const Net& net, const PlanStage& stage,
                const std::vector<StreamTie>& ties,
                std::vector<OverlaidBuffers>& pairs) {
  StageTokens tokens(net, stage, ties);
  std::vector<OverlaidBuffers*> late(static_cast<size_t>(tokens.processes()));
  for (OverlaidBuffers& pair : pairs) {
    pair.lead = -int64_t{stage.buffers[pair.in].bytes()};
    for (int p = 0; p < tokens.processes(); ++p) {
      if (tokens.writes(p, pair.out)) late[p] = &pair;
    }
  }
  const std::vector<int> rank =
      ranks_with_late(tokens, [&](int p) { return late[p] != nullptr; });
  run_by_rank(tokens, rank, [&](int process, int firings) {
    OverlaidBuffers* const pair = late[process];
    if (!pair) return;
    const PlanBuffer& under = stage.buffers[pair->in];
    const int released = tokens.released(pair->in);
    if (released >= under.slots) return;
    pair->lead =
        std::max(pair->lead, tokens.next_write_end(process, firings) -
                                 int64_t{released} * under.row_bytes());
  });
  for (OverlaidBuffers& pair : pairs) pair.lead = round_up_lead(pair.lead);
}

int64_t overlay_gain(const Net& net, const Overlay& o) {
  return overlay_gain(net.tensors[o.in].bytes(), net.tensors[o.out].bytes(),
                      o.lead.value());
}

int64_t overlay_gain(int64_t in, int64_t out, int64_t lead) {
  const int64_t low = std::min<int64_t>(0, -lead);
  const int64_t high = std::max(in, out - lead);
  return std::max<int64_t>(0, in + out - (high - low)) / kAlign * kAlign;
}

}  // namespace shoal

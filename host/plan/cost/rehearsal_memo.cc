#include "host/plan/cost/rehearsal_memo.h"

#include <string>
#include <utility>

#include "host/plan/tokens/stage_key.h"

namespace shoal {
namespace {

// The bindings name all fields, so that a new field does not compile until it
// is decided whether a rehearsal depends on it.
void add(const PlanWeights& w, StageKey& key) {
  const auto& [place, parts, groups, chunks, offset, keep, bank] = w;
  (void)offset;
  key.add(static_cast<int>(place), parts, groups, keep, bank,
          std::ssize(chunks));
  for (const auto& [out0, out_n, in0, in_n] : chunks) {
    key.add(out0, out_n, in0, in_n);
  }
}

void add(const PlanStage& stage, StageKey& key) {
  const auto& [segment, buffers, ports, actors, loops, order, spills, slots,
               slot_bytes, slot_count, arena_bytes, seconds, macs,
               weight_read_bytes, firings, storage_read_bytes,
               storage_written_bytes, compute_s, flash_s, storage_s, check_s,
               bound] = stage;
  (void)slots, (void)arena_bytes;
  // These are results.
  (void)seconds, (void)macs, (void)weight_read_bytes, (void)firings;
  (void)storage_read_bytes, (void)storage_written_bytes, (void)compute_s;
  (void)flash_s, (void)storage_s, (void)check_s, (void)bound;
  key.add(segment, slot_bytes, slot_count);
  key.add_run(stage);
  for (const PlanBuffer& b : buffers) {
    key.add(b.complete, b.is_private, b.turned, b.variable);
  }
  for (const PlanActor& a : actors) add(a.weights, key);
  key.add(std::ssize(order));
  for (const auto& [actor, times] : order) key.add(actor, times);
  for (const PlanSpill& s : spills) key.add(s.port, s.first_page, s.pages);
}

void add(const PlanNode& node, StageKey& key) {
  const auto& [name, board, stages, peers, variables, gaps, poll_gap_us, layout,
               banks, arena_bytes, fixed_bytes, program_bytes, mapped, storage,
               sealed, flash_weight_bytes, sram_weight_bytes, tape_bytes,
               spill_page_bytes, spill_pages, macs, weight_read_bytes,
               storage_read_bytes, storage_written_bytes, sent_bytes,
               received_bytes, seconds] = node;
  (void)name, (void)board, (void)banks, (void)poll_gap_us;
  (void)arena_bytes, (void)fixed_bytes, (void)program_bytes;
  // These are results.
  (void)flash_weight_bytes, (void)sram_weight_bytes, (void)tape_bytes;
  (void)macs, (void)weight_read_bytes, (void)storage_read_bytes;
  (void)storage_written_bytes, (void)sent_bytes, (void)received_bytes;
  (void)seconds;
  key.add(std::ssize(stages), std::ssize(peers), std::ssize(variables), gaps,
          mapped, sealed, layout.record_bytes, spill_page_bytes, spill_pages,
          std::ssize(storage));
  for (const char c : storage) key.add(c);
  for (const auto& [peer, window] : peers) key.add(peer, window);
  for (const PlanStage& s : stages) add(s, key);
}

std::string key_of(const Plan& plan, int following) {
  StageKey key;
  key.add(following, std::ssize(plan.nodes), std::ssize(plan.streams));
  for (const PlanNode& node : plan.nodes) add(node, key);
  for (const auto& [tensor, box, element_bytes, from, to] : plan.streams) {
    key.add(tensor, box, element_bytes, from.node, from.stage, from.port,
            std::ssize(to));
    for (const auto& [node, stage, port] : to) key.add(node, stage, port);
  }
  return key.take();
}

}  // namespace

Rehearsal RehearsalMemo::rehearse(const Net& net,
                                  const std::vector<Supply>& supplies,
                                  uint32_t max_payload, const Plan& plan,
                                  int following, Nanos most) {
  std::string key = key_of(plan, following);
  if (const Rehearsal* known = known_.find(key)) return *known;
  Rehearsal r =
      shoal::rehearse(net, supplies, max_payload, plan, following, most);
  const Nanos took = following ? r.period : r.latency;
  if (most > 0 && took > most) return r;
  size_t bytes = 0;
  for (const auto& node : r.stages) bytes += node.size() * sizeof(PortTimes);
  known_.add(std::move(key), r, bytes);
  return r;
}

}  // namespace shoal

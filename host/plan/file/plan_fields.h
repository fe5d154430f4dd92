// The fields of a plan by name, in one list for the reader and the writer. A
// structured binding names all fields of a struct, so a struct with a new field
// does not compile until the field is in the list.
#pragma once

#include <concepts>
#include <type_traits>

#include "host/plan/types/plan.h"

namespace shoal {

template <class T, class Struct>
concept Is = std::same_as<std::remove_const_t<T>, Struct>;

// Calls visit(name, field) for each field of `s`.
void fields(Is<PlanBuffer> auto& s, auto&& visit) {
  auto& [tensor, box, element_bytes, turned, slots, is_private, complete,
         overlay, variable, offset, first_stage, last_stage] = s;
  visit("tensor", tensor);
  visit("box", box);
  visit("element_bytes", element_bytes);
  visit("turned", turned);
  visit("slots", slots);
  visit("is_private", is_private);
  visit("complete", complete);
  visit("overlay", overlay);
  visit("variable", variable);
  visit("offset", offset);
  visit("first_stage", first_stage);
  visit("last_stage", last_stage);
}

void fields(Is<PlanPort> auto& s, auto&& visit) {
  auto& [buffer, box, is_read, owner, owner_index] = s;
  visit("buffer", buffer);
  visit("box", box);
  visit("is_read", is_read);
  visit("owner", owner);
  visit("owner_index", owner_index);
}

void fields(Is<PlanChunk> auto& s, auto&& visit) {
  auto& [out0, out_n, in0, in_n] = s;
  visit("out0", out0);
  visit("out_n", out_n);
  visit("in0", in0);
  visit("in_n", in_n);
}

void fields(Is<PlanWeights> auto& s, auto&& visit) {
  auto& [place, parts, groups, chunks, offset, keep, bank] = s;
  visit("place", place);
  visit("parts", parts);
  visit("groups", groups);
  visit("chunks", chunks);
  visit("offset", offset);
  visit("keep", keep);
  visit("bank", bank);
}

void fields(Is<PlanActor> auto& s, auto&& visit) {
  auto& [layer, copy, in, partial, out, init, final, band, part, slices, loop,
         weights, accumulator, accumulator_bytes] = s;
  visit("layer", layer);
  visit("copy", copy);
  visit("in0", in[0]);
  visit("in1", in[1]);
  visit("partial", partial);
  visit("out", out);
  visit("init", init);
  visit("final", final);
  visit("band", band);
  visit("part", part);
  visit("slices", slices);
  visit("loop", loop);
  visit("weights", weights);
  visit("accumulator", accumulator);
  visit("accumulator_bytes", accumulator_bytes);
}

void fields(Is<PlanLoop> auto& s, auto&& visit) {
  auto& [first_actor, actors, iterations, band] = s;
  visit("first_actor", first_actor);
  visit("actors", actors);
  visit("iterations", iterations);
  visit("band", band);
}

void fields(Is<PlanRun> auto& s, auto&& visit) {
  auto& [actor, firings] = s;
  visit("actor", actor);
  visit("firings", firings);
}

void fields(Is<PlanSpill> auto& s, auto&& visit) {
  auto& [port, first_page, pages, offset] = s;
  visit("port", port);
  visit("first_page", first_page);
  visit("pages", pages);
  visit("offset", offset);
}

void fields(Is<PlanStage> auto& s, auto&& visit) {
  auto& [segment, buffers, ports, actors, loops, order, spills, slots,
         slot_bytes, slot_count, arena_bytes, seconds, macs, weight_read_bytes,
         firings, storage_read_bytes, storage_written_bytes, compute_s, flash_s,
         storage_s, check_s, bound] = s;
  visit("segment", segment);
  visit("buffers", buffers);
  visit("ports", ports);
  visit("actors", actors);
  visit("loops", loops);
  visit("order", order);
  visit("spills", spills);
  visit("slots", slots);
  visit("slot_bytes", slot_bytes);
  visit("slot_count", slot_count);
  visit("arena_bytes", arena_bytes);
  visit("seconds", seconds);
  visit("macs", macs);
  visit("weight_read_bytes", weight_read_bytes);
  visit("firings", firings);
  visit("storage_read_bytes", storage_read_bytes);
  visit("storage_written_bytes", storage_written_bytes);
  visit("compute_s", compute_s);
  visit("flash_s", flash_s);
  visit("storage_s", storage_s);
  visit("check_s", check_s);
  visit("bound", bound);
}

void fields(Is<PlanStream::End> auto& s, auto&& visit) {
  auto& [node, stage, port] = s;
  visit("node", node);
  visit("stage", stage);
  visit("port", port);
}

void fields(Is<PlanStream> auto& s, auto&& visit) {
  auto& [tensor, box, element_bytes, from, to] = s;
  visit("tensor", tensor);
  visit("box", box);
  visit("element_bytes", element_bytes);
  visit("from", from);
  visit("to", to);
}

void fields(Is<PlanPeer> auto& s, auto&& visit) {
  auto& [node, window] = s;
  visit("node", node);
  visit("window", window);
}

void fields(Is<PlanVariable> auto& s, auto&& visit) {
  auto& [variable, box, element_bytes, offset] = s;
  visit("variable", variable);
  visit("box", box);
  visit("element_bytes", element_bytes);
  visit("offset", offset);
}

void fields(Is<PlanLayout> auto& s, auto&& visit) {
  auto& [cursors, cursor_count, states, state_count, head, head_bytes, record,
         record_bytes, keep, keep_bytes, spill, spill_bytes, link, link_bytes,
         variables, variable_bytes, room, room_bytes, buffers] = s;
  visit("cursors", cursors);
  visit("cursor_count", cursor_count);
  visit("states", states);
  visit("state_count", state_count);
  visit("head", head);
  visit("head_bytes", head_bytes);
  visit("record", record);
  visit("record_bytes", record_bytes);
  visit("keep", keep);
  visit("keep_bytes", keep_bytes);
  visit("spill", spill);
  visit("spill_bytes", spill_bytes);
  visit("link", link);
  visit("link_bytes", link_bytes);
  visit("variables", variables);
  visit("variable_bytes", variable_bytes);
  visit("room", room);
  visit("room_bytes", room_bytes);
  visit("buffers", buffers);
}

void fields(Is<PlanBank> auto& s, auto&& visit) {
  auto& [name, bytes, room] = s;
  visit("name", name);
  visit("bytes", bytes);
  visit("room", room);
}

void fields(Is<PlanNode> auto& s, auto&& visit) {
  auto& [name, board, stages, peers, variables, gaps, poll_gap_us, layout,
         banks, arena_bytes, fixed_bytes, program_bytes, mapped, storage,
         sealed, flash_weight_bytes, sram_weight_bytes, tape_bytes,
         spill_page_bytes, spill_pages, macs, weight_read_bytes,
         storage_read_bytes, storage_written_bytes, sent_bytes, received_bytes,
         seconds] = s;
  visit("name", name);
  visit("board", board);
  visit("stages", stages);
  visit("peers", peers);
  visit("variables", variables);
  visit("gaps", gaps);
  visit("poll_gap_us", poll_gap_us);
  visit("layout", layout);
  visit("banks", banks);
  visit("arena_bytes", arena_bytes);
  visit("fixed_bytes", fixed_bytes);
  visit("program_bytes", program_bytes);
  visit("mapped", mapped);
  visit("storage", storage);
  visit("sealed", sealed);
  visit("flash_weight_bytes", flash_weight_bytes);
  visit("sram_weight_bytes", sram_weight_bytes);
  visit("tape_bytes", tape_bytes);
  visit("spill_page_bytes", spill_page_bytes);
  visit("spill_pages", spill_pages);
  visit("macs", macs);
  visit("weight_read_bytes", weight_read_bytes);
  visit("storage_read_bytes", storage_read_bytes);
  visit("storage_written_bytes", storage_written_bytes);
  visit("sent_bytes", sent_bytes);
  visit("received_bytes", received_bytes);
  visit("seconds", seconds);
}

void fields(Is<PlanOrder> auto& s, auto&& visit) {
  auto& [layers, own_arena_bytes, own_latency_s] = s;
  visit("layers", layers);
  visit("own_arena_bytes", own_arena_bytes);
  visit("own_latency_s", own_latency_s);
}

void fields(Is<Plan> auto& s, auto&& visit) {
  auto& [strategy, objective, says_nodes, not_on_all, barely_fits, linked,
         nodes, streams, order, macs, model_macs, traffic_bytes, latency_s] = s;
  visit("strategy", strategy);
  visit("objective", objective);
  visit("says_nodes", says_nodes);
  visit("not_on_all", not_on_all);
  visit("barely_fits", barely_fits);
  visit("linked", linked);
  visit("nodes", nodes);
  visit("streams", streams);
  visit("order", order);
  visit("macs", macs);
  visit("model_macs", model_macs);
  visit("traffic_bytes", traffic_bytes);
  visit("latency_s", latency_s);
}

}  // namespace shoal

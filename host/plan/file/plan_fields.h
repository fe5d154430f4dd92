// The fields of a plan by name, in one list for the reader and the writer. A
// structured binding names all fields of a struct, so a struct with a new field
// does not compile until the field is in the list.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <string_view>
#include <type_traits>

#include "host/plan/types/plan.h"

namespace shoal {

template <class T, class Struct>
concept Is = std::same_as<std::remove_const_t<T>, Struct>;

// As many names as fields, with blanks between them; other numbers of names do
// not compile.
template <size_t kCount>
struct FieldNames {
  consteval FieldNames(const char* text) {
    std::string_view rest = text;
    for (std::string_view& name : names) {
      name = rest.substr(0, rest.find(' '));
      if (name.empty()) throw "fewer names than fields";
      rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    }
    if (!rest.empty()) throw "more names than fields";
  }

  std::array<std::string_view, kCount> names;
};

// Calls visit(names, fields...) with all fields of `s`.
void fields(Is<PlanBuffer> auto& s, auto&& visit) {
  auto& [tensor, box, element_bytes, turned, slots, is_private, complete,
         overlay, variable, offset, first_stage, last_stage] = s;
  visit(
      "tensor box element_bytes turned slots is_private complete overlay "
      "variable offset first_stage last_stage",
      tensor, box, element_bytes, turned, slots, is_private, complete, overlay,
      variable, offset, first_stage, last_stage);
}

void fields(Is<PlanPort> auto& s, auto&& visit) {
  auto& [buffer, box, is_read, owner, owner_index] = s;
  visit("buffer box is_read owner owner_index", buffer, box, is_read, owner,
        owner_index);
}

void fields(Is<PlanChunk> auto& s, auto&& visit) {
  auto& [out0, out_n, in0, in_n] = s;
  visit("out0 out_n in0 in_n", out0, out_n, in0, in_n);
}

void fields(Is<PlanWeights> auto& s, auto&& visit) {
  auto& [place, parts, groups, chunks, offset, keep, bank] = s;
  visit("place parts groups chunks offset keep bank", place, parts, groups,
        chunks, offset, keep, bank);
}

void fields(Is<PlanActor> auto& s, auto&& visit) {
  auto& [layer, copy, in, partial, out, init, final, band, part, slices, loop,
         weights, accumulator, accumulator_bytes] = s;
  visit(
      "layer copy in0 in1 partial out init final band part slices loop weights "
      "accumulator accumulator_bytes",
      layer, copy, in[0], in[1], partial, out, init, final, band, part, slices,
      loop, weights, accumulator, accumulator_bytes);
}

void fields(Is<PlanLoop> auto& s, auto&& visit) {
  auto& [first_actor, actors, iterations, band] = s;
  visit("first_actor actors iterations band", first_actor, actors, iterations,
        band);
}

void fields(Is<PlanRun> auto& s, auto&& visit) {
  auto& [actor, firings] = s;
  visit("actor firings", actor, firings);
}

void fields(Is<PlanSpill> auto& s, auto&& visit) {
  auto& [port, first_page, pages, offset] = s;
  visit("port first_page pages offset", port, first_page, pages, offset);
}

void fields(Is<PlanStage> auto& s, auto&& visit) {
  auto& [segment, buffers, ports, actors, loops, order, spills, slots,
         slot_bytes, slot_count, arena_bytes, seconds, macs, weight_read_bytes,
         firings, storage_read_bytes, storage_written_bytes, compute_s, flash_s,
         storage_s, check_s, bound] = s;
  visit(
      "segment buffers ports actors loops order spills slots slot_bytes "
      "slot_count arena_bytes seconds macs weight_read_bytes firings "
      "storage_read_bytes storage_written_bytes compute_s flash_s storage_s "
      "check_s bound",
      segment, buffers, ports, actors, loops, order, spills, slots, slot_bytes,
      slot_count, arena_bytes, seconds, macs, weight_read_bytes, firings,
      storage_read_bytes, storage_written_bytes, compute_s, flash_s, storage_s,
      check_s, bound);
}

void fields(Is<PlanStream::End> auto& s, auto&& visit) {
  auto& [node, stage, port] = s;
  visit("node stage port", node, stage, port);
}

void fields(Is<PlanStream> auto& s, auto&& visit) {
  auto& [tensor, box, element_bytes, from, to] = s;
  visit("tensor box element_bytes from to", tensor, box, element_bytes, from,
        to);
}

void fields(Is<PlanPeer> auto& s, auto&& visit) {
  auto& [node, window] = s;
  visit("node window", node, window);
}

void fields(Is<PlanVariable> auto& s, auto&& visit) {
  auto& [variable, box, element_bytes, offset] = s;
  visit("variable box element_bytes offset", variable, box, element_bytes,
        offset);
}

void fields(Is<PlanLayout> auto& s, auto&& visit) {
  auto& [cursors, cursor_count, states, state_count, head, head_bytes, record,
         record_bytes, keep, keep_bytes, spill, spill_bytes, link, link_bytes,
         variables, variable_bytes, room, room_bytes, buffers] = s;
  visit(
      "cursors cursor_count states state_count head head_bytes record "
      "record_bytes keep keep_bytes spill spill_bytes link link_bytes "
      "variables variable_bytes room room_bytes buffers",
      cursors, cursor_count, states, state_count, head, head_bytes, record,
      record_bytes, keep, keep_bytes, spill, spill_bytes, link, link_bytes,
      variables, variable_bytes, room, room_bytes, buffers);
}

void fields(Is<PlanBank> auto& s, auto&& visit) {
  auto& [name, bytes, room] = s;
  visit("name bytes room", name, bytes, room);
}

void fields(Is<PlanNode> auto& s, auto&& visit) {
  auto& [name, board, stages, peers, variables, gaps, poll_gap_us, layout,
         banks, arena_bytes, fixed_bytes, program_bytes, mapped, storage,
         sealed, flash_weight_bytes, sram_weight_bytes, tape_bytes,
         spill_page_bytes, spill_pages, macs, weight_read_bytes,
         storage_read_bytes, storage_written_bytes, sent_bytes, received_bytes,
         seconds] = s;
  visit(
      "name board stages peers variables gaps poll_gap_us layout banks "
      "arena_bytes fixed_bytes program_bytes mapped storage sealed "
      "flash_weight_bytes sram_weight_bytes tape_bytes spill_page_bytes "
      "spill_pages macs weight_read_bytes storage_read_bytes "
      "storage_written_bytes sent_bytes received_bytes seconds",
      name, board, stages, peers, variables, gaps, poll_gap_us, layout, banks,
      arena_bytes, fixed_bytes, program_bytes, mapped, storage, sealed,
      flash_weight_bytes, sram_weight_bytes, tape_bytes, spill_page_bytes,
      spill_pages, macs, weight_read_bytes, storage_read_bytes,
      storage_written_bytes, sent_bytes, received_bytes, seconds);
}

void fields(Is<PlanOrder> auto& s, auto&& visit) {
  auto& [layers, own_arena_bytes, own_latency_s] = s;
  visit("layers own_arena_bytes own_latency_s", layers, own_arena_bytes,
        own_latency_s);
}

void fields(Is<Plan> auto& s, auto&& visit) {
  auto& [strategy, objective, says_nodes, not_on_all, barely_fits, linked,
         nodes, streams, order, macs, model_macs, traffic_bytes, latency_s] = s;
  visit(
      "strategy objective says_nodes not_on_all barely_fits linked nodes "
      "streams order macs model_macs traffic_bytes latency_s",
      strategy, objective, says_nodes, not_on_all, barely_fits, linked, nodes,
      streams, order, macs, model_macs, traffic_bytes, latency_s);
}

}  // namespace shoal

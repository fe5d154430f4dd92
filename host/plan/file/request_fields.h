// The fields of a network and a request that decide the plan, in structured
// bindings as in plan_fields.h: a new field does not compile until it is listed
// here, or named among those that plans do not depend on.
#pragma once

#include "host/lower/net.h"
#include "host/plan/file/plan_fields.h"
#include "host/plan/types/request.h"

namespace shoal {

void fields(Is<View> auto& s, auto&& visit) {
  auto& [tensor, box] = s;
  visit("tensor", tensor);
  visit("box", box);
}

void fields(Is<NetTensor> auto& s, auto&& visit) {
  auto& [name, rows, columns, channels, element_bytes, turned, frames, over] =
      s;
  visit("name", name);
  visit("rows", rows);
  visit("columns", columns);
  visit("channels", channels);
  visit("element_bytes", element_bytes);
  visit("turned", turned);
  visit("frames", frames);
  visit("over", over);
}

// Weights count by their number, not by their values: a network that is trained
// again has the same plan.
void fields(Is<LayerWeights> auto& s, auto&& visit) {
  auto& [values, int4, bias, multipliers, shifts] = s;
  visit("values", values.size());
  visit("int4", int4);
  visit("bias", bias.size());
  visit("multipliers", multipliers.size());
  visit("shifts", shifts.size());
}

void fields(Is<Layer> auto& s, auto&& visit) {
  // Only nets that the planner makes have a `loop`; tensors say what is wide.
  auto& [op, name, file_op, in, out, kernel_h, kernel_w, stride_y, stride_x,
         dilation_y, dilation_x, pad_top, pad_left, depth_multiplier,
         reduce_columns, reduce_channels, zero_in, zero_weight, zero_out,
         act_min, act_max, is_wide, params, row_map, column_map, weights,
         weights_of, macs, loop, loop_groups, loop_band] = s;
  (void)is_wide;
  visit("op", op);
  visit("name", name);
  visit("file_op", file_op);
  visit("in0", in[0]);
  visit("in1", in[1]);
  visit("out", out);
  visit("kernel_h", kernel_h);
  visit("kernel_w", kernel_w);
  visit("stride_y", stride_y);
  visit("stride_x", stride_x);
  visit("dilation_y", dilation_y);
  visit("dilation_x", dilation_x);
  visit("pad_top", pad_top);
  visit("pad_left", pad_left);
  visit("depth_multiplier", depth_multiplier);
  visit("reduce_columns", reduce_columns);
  visit("reduce_channels", reduce_channels);
  visit("zero_in", zero_in);
  visit("zero_weight", zero_weight);
  visit("zero_out", zero_out);
  visit("act_min", act_min);
  visit("act_max", act_max);
  visit("params", params);
  visit("row_map", row_map);
  visit("column_map", column_map);
  visit("weights", weights);
  visit("weights_of", weights_of);
  visit("macs", macs);
  visit("loops", loop.size());
  visit("loop_groups", loop_groups);
  visit("loop_band", loop_band);
}

void fields(Is<FilePlace> auto& s, auto&& visit) {
  auto& [view, perm] = s;
  visit("view", view);
  visit("perm", perm);
}

void fields(Is<NetIo> auto& s, auto&& visit) {
  auto& [file_tensor, place, conversion, scale, zero] = s;
  visit("file_tensor", file_tensor);
  visit("place", place);
  visit("conversion", conversion);
  visit("scale", scale);
  visit("zero", zero);
}

void fields(Is<NetVariable> auto& s, auto&& visit) {
  auto& [name, before, after, perm, initial] = s;
  visit("name", name);
  visit("before", before);
  visit("after", after);
  visit("perm", perm);
  visit("initial", initial.size());
}

void fields(Is<Net> auto& s, auto&& visit) {
  // `places` are for traces of a frame, and files may be renamed.
  auto& [name, tensors, layers, inputs, outputs, variables, places, frames,
         model_macs] = s;
  (void)places, (void)name;
  visit("tensors", tensors);
  visit("layers", layers);
  visit("inputs", inputs);
  visit("outputs", outputs);
  visit("variables", variables);
  visit("frames", frames);
  visit("model_macs", model_macs);
}

void fields(Is<Bank> auto& s, auto&& visit) {
  auto& [name, bytes, fixed_bytes, bytes_per_s] = s;
  visit("name", name);
  visit("bytes", bytes);
  visit("fixed_bytes", fixed_bytes);
  visit("bytes_per_s", bytes_per_s);
}

void fields(Is<Costs::Calls> auto& s, auto&& visit) {
  auto& [pointwise, conv, depthwise] = s;
  visit("pointwise", pointwise);
  visit("conv", conv);
  visit("depthwise", depthwise);
}

void fields(Is<SecondCore> auto& s, auto&& visit) {
  auto& [least_products, meeting_us, contention] = s;
  visit("least_products", least_products);
  visit("meeting_us", meeting_us);
  visit("contention", contention);
}

void fields(Is<Costs> auto& s, auto&& visit) {
  auto& [pointwise, conv, depthwise, fully_connected, depthwise_5x5,
         call_pixels, group_channels, element, sum, firing_us, row_us,
         flash_bytes_per_s, cache_bytes, second] = s;
  visit("pointwise", pointwise);
  visit("conv", conv);
  visit("depthwise", depthwise);
  visit("fully_connected", fully_connected);
  visit("depthwise_5x5", depthwise_5x5);
  visit("call_pixels", call_pixels);
  visit("group_channels", group_channels);
  visit("element", element);
  visit("sum", sum);
  visit("firing_us", firing_us);
  visit("row_us", row_us);
  visit("flash_bytes_per_s", flash_bytes_per_s);
  visit("cache_bytes", cache_bytes);
  visit("second", second);
}

void fields(Is<Storage> auto& s, auto&& visit) {
  auto& [name, title, read_bytes_per_s, read_latency_us, write_bytes_per_s,
         write_latency_us, write_bytes, erase_bytes, erase_us, capacity_bytes,
         endurance_erases, endurance_bytes, read_j_per_byte, write_j_per_byte,
         idle_w] = s;
  (void)title;
  visit("name", name);
  visit("read_bytes_per_s", read_bytes_per_s);
  visit("read_latency_us", read_latency_us);
  visit("write_bytes_per_s", write_bytes_per_s);
  visit("write_latency_us", write_latency_us);
  visit("write_bytes", write_bytes);
  visit("erase_bytes", erase_bytes);
  visit("erase_us", erase_us);
  visit("capacity_bytes", capacity_bytes);
  visit("endurance_erases", endurance_erases);
  visit("endurance_bytes", endurance_bytes);
  visit("read_j_per_byte", read_j_per_byte);
  visit("write_j_per_byte", write_j_per_byte);
  visit("idle_w", idle_w);
}

void fields(Is<Energy> auto& s, auto&& visit) {
  auto& [j_per_mac, active_w, sleep_w] = s;
  visit("j_per_mac", j_per_mac);
  visit("active_w", active_w);
  visit("sleep_w", sleep_w);
}

void fields(Is<Board> auto& s, auto&& visit) {
  auto& [name, title, core, measured, cores, clock_hz, banks, flash_bytes,
         flash_mapped, fixed_kind, costs, link, link_bits_per_s,
         link_latency_us, framing_bytes, datagram_us, aead_cycles_per_byte,
         check_cycles_per_byte, storages, energy, sources, emulator] = s;
  (void)title, (void)fixed_kind, (void)link, (void)sources, (void)emulator;
  visit("name", name);
  visit("core", core);
  visit("measured", measured);
  visit("cores", cores);
  visit("clock_hz", clock_hz);
  visit("banks", banks);
  visit("flash_bytes", flash_bytes);
  visit("flash_mapped", flash_mapped);
  visit("costs", costs);
  visit("link_bits_per_s", link_bits_per_s);
  visit("link_latency_us", link_latency_us);
  visit("framing_bytes", framing_bytes);
  visit("datagram_us", datagram_us);
  visit("aead_cycles_per_byte", aead_cycles_per_byte);
  visit("check_cycles_per_byte", check_cycles_per_byte);
  visit("storages", storages);
  visit("energy", energy);
}

void fields(Is<ClusterNode> auto& s, auto&& visit) {
  // Workers have other ports and new keys from run to run.
  auto& [name, address, public_key, board, ram, flash, flash_weights, storage,
         sealed, keeps_weights, all_banks, left_out, rating, ram_source,
         max_arena] = s;
  (void)address, (void)public_key, (void)ram_source;
  visit("name", name);
  visit("board", board);
  visit("ram", ram);
  visit("flash", flash);
  visit("flash_weights", flash_weights);
  visit("storage", storage);
  visit("sealed", sealed);
  visit("keeps_weights", keeps_weights);
  visit("all_banks", all_banks);
  visit("left_out", left_out);
  visit("rating", rating);
  visit("max_arena", max_arena);
}

void fields(Is<Cluster> auto& s, auto&& visit) {
  auto& [nodes, file, payload] = s;
  (void)file;
  visit("nodes", nodes);
  visit("payload", payload);
}

void fields(Is<Share> auto& s, auto&& visit) {
  auto& [node, own, in0, in1] = s;
  visit("node", node);
  visit("own", own);
  visit("in0", in0);
  visit("in1", in1);
}

void fields(Is<LayerCut> auto& s, auto&& visit) {
  auto& [kind, rows, columns, shares, sends_halo] = s;
  visit("kind", kind);
  visit("rows", rows);
  visit("columns", columns);
  visit("shares", shares);
  visit("sends_halo", sends_halo);
}

void fields(Is<BlockChoice> auto& s, auto&& visit) {
  auto& [begin, end, band, groups] = s;
  visit("begin", begin);
  visit("end", end);
  visit("band", band);
  visit("groups", groups);
}

void fields(Is<TileChoice> auto& s, auto&& visit) {
  auto& [begin, end, tiles] = s;
  visit("begin", begin);
  visit("end", end);
  visit("tiles", tiles);
}

void fields(Is<Cuts> auto& s, auto&& visit) {
  auto& [strategy, layers, ends, joined, blocks, tiles] = s;
  visit("strategy", strategy);
  visit("layers", layers);
  visit("ends", ends);
  visit("joined", joined);
  visit("blocks", blocks);
  visit("tiles", tiles);
}

void fields(Is<PlanText> auto& s, auto&& visit) {
  auto& [name, text] = s;
  visit("name", name);
  visit("text", text);
}

void fields(Is<PlanLimits> auto& s, auto&& visit) {
  auto& [latency_s, traffic_bytes, search_s] = s;
  visit("latency_s", latency_s);
  visit("traffic_bytes", traffic_bytes);
  visit("search_s", search_s);
}

void fields(Is<PlanRequest> auto& s, auto&& visit) {
  // The source of a plan does not change the plan.
  auto& [cluster, linked, cuts, cuts_file, strategy, compared, objective,
         limits, effort, byte_s, max_payload, batch, replay, max_writes, years,
         fps, given, cached] = s;
  (void)given, (void)cached;
  visit("cluster", cluster);
  visit("linked", linked);
  visit("cuts", cuts);
  visit("cuts_file", cuts_file);
  visit("strategy", strategy);
  visit("compared", compared);
  visit("objective", objective);
  visit("limits", limits);
  visit("effort", effort);
  visit("byte_s", byte_s);
  visit("max_payload", max_payload);
  visit("batch", batch);
  visit("replay", replay);
  visit("max_writes", max_writes);
  visit("years", years);
  visit("fps", fps);
}

}  // namespace shoal

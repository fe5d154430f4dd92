#include "host/plan/file/plan_key.h"

#include <bit>
#include <optional>
#include <type_traits>
#include <vector>

#include "host/oracle/golden/checksum.h"
#include "host/plan/file/plan_fields.h"

namespace shoal {

// The fields of a network and a request that decide the plan, in structured
// bindings as in plan_fields.h, without names: a new field does not compile
// until it is listed here, or named among those that plans do not depend on.

void fields(Is<View> auto& s, auto&& visit) {
  auto& [tensor, box] = s;
  visit(tensor, box);
}

void fields(Is<NetTensor> auto& s, auto&& visit) {
  auto& [name, rows, columns, channels, element_bytes, turned, frames, over] =
      s;
  visit(name, rows, columns, channels, element_bytes, turned, frames, over);
}

// Weights count by their number, not by their values: a network that is trained
// again has the same plan.
void fields(Is<LayerWeights> auto& s, auto&& visit) {
  auto& [values, int4, bias, multipliers, shifts] = s;
  visit(values.size(), int4, bias.size(), multipliers.size(), shifts.size());
}

void fields(Is<Layer> auto& s, auto&& visit) {
  // Only nets that the planner makes have a `loop`; tensors say what is wide.
  auto& [op, name, file_op, in, out, kernel_h, kernel_w, stride_y, stride_x,
         dilation_y, dilation_x, pad_top, pad_left, depth_multiplier,
         reduce_columns, reduce_channels, zero_in, zero_weight, zero_out,
         act_min, act_max, is_wide, params, row_map, column_map, weights,
         weights_of, macs, loop, loop_groups, loop_band] = s;
  (void)is_wide;
  visit(op, name, file_op, in[0], in[1], out, kernel_h, kernel_w, stride_y,
        stride_x, dilation_y, dilation_x, pad_top, pad_left, depth_multiplier,
        reduce_columns, reduce_channels, zero_in, zero_weight, zero_out,
        act_min, act_max, params, row_map, column_map, weights, weights_of,
        macs, loop.size(), loop_groups, loop_band);
}

void fields(Is<FilePlace> auto& s, auto&& visit) {
  auto& [view, perm] = s;
  visit(view, perm);
}

void fields(Is<NetIo> auto& s, auto&& visit) {
  auto& [file_tensor, place, conversion, scale, zero] = s;
  visit(file_tensor, place, conversion, scale, zero);
}

void fields(Is<NetVariable> auto& s, auto&& visit) {
  auto& [name, before, after, perm, initial] = s;
  visit(name, before, after, perm, initial.size());
}

void fields(Is<Net> auto& s, auto&& visit) {
  // `places` are for traces of a frame, and files may be renamed.
  auto& [name, tensors, layers, inputs, outputs, variables, places, frames,
         model_macs] = s;
  (void)places, (void)name;
  visit(tensors, layers, inputs, outputs, variables, frames, model_macs);
}

void fields(Is<Bank> auto& s, auto&& visit) {
  auto& [name, bytes, fixed_bytes, bytes_per_s] = s;
  visit(name, bytes, fixed_bytes, bytes_per_s);
}

void fields(Is<Costs::Calls> auto& s, auto&& visit) {
  auto& [pointwise, conv, depthwise] = s;
  visit(pointwise, conv, depthwise);
}

void fields(Is<SecondCore> auto& s, auto&& visit) {
  auto& [least_products, meeting_us, contention, speed] = s;
  visit(least_products, meeting_us, contention, speed);
}

void fields(Is<Costs> auto& s, auto&& visit) {
  auto& [pointwise, conv, depthwise, fully_connected, depthwise_5x5,
         call_pixels, group_channels, element, sum, firing_us, row_us,
         flash_bytes_per_s, cache_bytes, second] = s;
  visit(pointwise, conv, depthwise, fully_connected, depthwise_5x5, call_pixels,
        group_channels, element, sum, firing_us, row_us, flash_bytes_per_s,
        cache_bytes, second);
}

void fields(Is<Storage> auto& s, auto&& visit) {
  auto& [name, title, read_bytes_per_s, read_latency_us, write_bytes_per_s,
         write_latency_us, write_bytes, erase_bytes, erase_us, capacity_bytes,
         endurance_erases, endurance_bytes, read_j_per_byte, write_j_per_byte,
         idle_w] = s;
  (void)title;
  visit(name, read_bytes_per_s, read_latency_us, write_bytes_per_s,
        write_latency_us, write_bytes, erase_bytes, erase_us, capacity_bytes,
        endurance_erases, endurance_bytes, read_j_per_byte, write_j_per_byte,
        idle_w);
}

void fields(Is<Energy> auto& s, auto&& visit) {
  auto& [j_per_mac, active_w, sleep_w] = s;
  visit(j_per_mac, active_w, sleep_w);
}

void fields(Is<Board> auto& s, auto&& visit) {
  auto& [name, title, core, measured, cores, clock_hz, banks, flash_bytes,
         flash_mapped, fixed_kind, costs, link, link_bits_per_s,
         link_latency_us, framing_bytes, datagram_us, aead_cycles_per_byte,
         check_cycles_per_byte, storages, energy, sources, emulator] = s;
  (void)title, (void)fixed_kind, (void)link, (void)sources, (void)emulator;
  visit(name, core, measured, cores, clock_hz, banks, flash_bytes, flash_mapped,
        costs, link_bits_per_s, link_latency_us, framing_bytes, datagram_us,
        aead_cycles_per_byte, check_cycles_per_byte, storages, energy);
}

void fields(Is<ClusterNode> auto& s, auto&& visit) {
  // Workers have other ports and new keys from run to run.
  auto& [name, address, public_key, board, ram, flash, flash_weights, storage,
         sealed, keeps_weights, all_banks, left_out, rating, ram_source,
         max_arena] = s;
  (void)address, (void)public_key, (void)ram_source;
  visit(name, board, ram, flash, flash_weights, storage, sealed, keeps_weights,
        all_banks, left_out, rating, max_arena);
}

void fields(Is<Cluster> auto& s, auto&& visit) {
  auto& [nodes, file, payload] = s;
  (void)file;
  visit(nodes, payload);
}

void fields(Is<Share> auto& s, auto&& visit) {
  auto& [node, own, in0, in1] = s;
  visit(node, own, in0, in1);
}

void fields(Is<LayerCut> auto& s, auto&& visit) {
  auto& [kind, rows, columns, shares, sends_halo] = s;
  visit(kind, rows, columns, shares, sends_halo);
}

void fields(Is<BlockChoice> auto& s, auto&& visit) {
  auto& [begin, end, band, groups] = s;
  visit(begin, end, band, groups);
}

void fields(Is<TileChoice> auto& s, auto&& visit) {
  auto& [begin, end, tiles] = s;
  visit(begin, end, tiles);
}

void fields(Is<Cuts> auto& s, auto&& visit) {
  auto& [strategy, layers, ends, joined, blocks, tiles] = s;
  visit(strategy, layers, ends, joined, blocks, tiles);
}

void fields(Is<PlanText> auto& s, auto&& visit) {
  auto& [name, text] = s;
  visit(name, text);
}

void fields(Is<PlanLimits> auto& s, auto&& visit) {
  auto& [latency_s, traffic_bytes, search_s] = s;
  visit(latency_s, traffic_bytes, search_s);
}

void fields(Is<PlanRequest> auto& s, auto&& visit) {
  // The source of a plan and the threads of the search do not change the plan.
  auto& [cluster, linked, cuts, cuts_file, strategy, compared, objective,
         limits, effort, jobs, byte_s, max_payload, batch, replay, max_writes,
         years, fps, given, cached] = s;
  (void)jobs, (void)given, (void)cached;
  visit(cluster, linked, cuts, cuts_file, strategy, compared, objective, limits,
        effort, byte_s, max_payload, batch, replay, max_writes, years, fps);
}

namespace {

// Writes fields one behind the other. Values of variable length begin with
// their length, so that different values give different bytes.
class KeyBytes {
 public:
  template <class... T>
  void operator()(const T&... values) {
    (add(values), ...);
  }

  std::string checksum() const { return sha256_hex(bytes_); }

  template <class T>
  void add(const T& value) {
    if constexpr (std::is_floating_point_v<T>) {
      add_number(std::bit_cast<uint64_t>(double{value}));
    } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
      add_number(static_cast<uint64_t>(value));
    } else {
      fields(value, *this);
    }
  }
  void add(const std::string& text) {
    add(text.size());
    bytes_.insert(bytes_.end(), text.begin(), text.end());
  }
  void add(const Box& b) {
    for (const int v : {b.y0, b.y1, b.x0, b.x1, b.c0, b.c1}) add(v);
  }
  template <class T>
  void add(const std::optional<T>& value) {
    add(value.has_value());
    if (value) add(*value);
  }
  template <class T>
  void add(const std::vector<T>& values) {
    add(values.size());
    for (const T& v : values) add(v);
  }

 private:
  void add_number(uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) {
      bytes_.push_back(static_cast<uint8_t>(value >> shift));
    }
  }

  std::vector<uint8_t> bytes_;
};

}  // namespace

std::string net_key(const Net& net) {
  KeyBytes bytes;
  bytes.add(net);
  return bytes.checksum();
}

std::string request_key(const Net& net, const PlanRequest& request) {
  KeyBytes bytes;
  bytes.add(net);
  bytes.add(request);
  return bytes.checksum();
}

}  // namespace shoal

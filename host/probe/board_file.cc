#include "host/probe/board_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "host/base/error.h"
#include "host/board/said_board.h"
#include "host/plan/types/cluster.h"

namespace shoal {
namespace {

class Text {
 public:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format,
                   std::forward<Args>(args)...);
    text_ += '\n';
  }
  // Texts of the repository and names without control characters.
  void text(const char* key, const std::string& value) {
    std::string quoted;
    for (const char c : value) {
      if (c == '"' || c == '\\') quoted += '\\';
      if (c >= ' ' && c < 0x7F) quoted += c;
    }
    line("{} = \"{}\"", key, quoted);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

double kilobytes(int64_t bytes) { return static_cast<double>(bytes) / 1024; }

void memory(Text& t, const ProbeReport& r, const Board& base) {
  const IdentityAnswer& facts = r.identity.facts;
  t.line("\n[[bank]]");
  t.text("name", "arena");
  t.line("kb = {}", kilobytes(facts.arena_bytes));
  t.line("fixed_kb = 0  # beside it");
  t.line("\n[flash]");
  t.line("kb = {}",
         kilobytes(is_built_in(facts)
                       ? base.flash_bytes
                       : std::max<int64_t>(facts.program_capacity, 1)));
  t.line("mapped = {}", base.flash_mapped);
  t.line("mb_per_s = {}", base.costs.flash_bytes_per_s / 1e6);
  t.line("cache_kb = {}", kilobytes(base.costs.cache_bytes));
}

void costs(Text& t, const ProbeReport& r, const Board& base, double hz) {
  const struct {
    const char* key;
    ProbeCost cost;
    double else_cycles;
  } all[] = {
      {"pointwise", ProbeCost::kPointwise, base.costs.pointwise},
      {"conv", ProbeCost::kConv, base.costs.conv},
      {"depthwise", ProbeCost::kDepthwise, base.costs.depthwise},
      {"fully_connected", ProbeCost::kFullyConnected,
       base.costs.fully_connected},
      {"element", ProbeCost::kElement, base.costs.element},
  };
  t.line("\n[cycles]");
  for (const auto& one : all) {
    const std::optional<double> cycles = r.cycles_of(one.cost, hz);
    t.line("{} = {:.6g}{}", one.key, cycles.value_or(one.else_cycles),
           cycles ? "" : "  # not measured");
  }
  const double firing_s = r.in_cycles() ? r.firing / hz : r.firing;
  t.line("\n[cost]");
  t.line("firing_us = {:.6g}",
         r.metered() ? firing_s * 1e6 : base.costs.firing_us);
  t.line("datagram_us = {}", base.datagram_us);
  t.line("aead_cycles_per_byte = {}", base.aead_cycles_per_byte);
  t.line("check_cycles_per_byte = {}", base.check_cycles_per_byte);
}

// Half a round trip has both ends' work on a datagram, which plans count by
// themselves.
void link(Text& t, const ProbeReport& r, const Board& base) {
  const ProbeLink& l = r.link;
  const double payload = r.identity.facts.max_payload;
  const double framed = (payload + base.framing_bytes) / payload;
  const double mbit = l.bytes_per_s * 8 / 1e6 * framed;
  const double half = l.round_trips.at(0).least_us / 2;
  t.line("\n[link]");
  t.text("name", is_serial(r.address) ? "serial line" : base.link);
  t.line("mbit_per_s = {:.6g}", mbit > 0 ? mbit : base.link_bits_per_s / 1e6);
  t.line("latency_us = {:.1f}", std::max(half - base.datagram_us, 0.0));
  t.line("framing_bytes = {}", base.framing_bytes);
}

void others(Text& t, const Board& base) {
  std::string parts;
  for (const Storage& s : base.storages) {
    parts += (parts.empty() ? "\"" : ", \"") + s.name + "\"";
  }
  t.line("\n[storage]");
  t.line("parts = [{}]", parts);
  t.line("\n[energy]");
  t.line("nj_per_mac = {}", base.energy.j_per_mac * 1e9);
  t.line("active_mw = {}", base.energy.active_w * 1e3);
  t.line("sleep_mw = {}", base.energy.sleep_w * 1e3);
}

std::string how(const ProbeReport& r) {
  const MeterReading* const m = r.reading();
  if (!m) return "not measured: the node does not meter its runs";
  if (m->counts()) return "measured by the node's " + m->counter;
  return "measured by the node's clock" +
         (m->stands_still() ? ", because its " + m->counter + " stands still"
                            : std::string());
}

}  // namespace

const Emulator* probe_emulator(const ProbeReport& r) {
  const Board* const said = said_board(r.identity.board);
  if (r.in_cycles() || !said || !said->emulator) return nullptr;
  return &*said->emulator;
}

double probe_clock_hz(const ProbeReport& r, const Board& base) {
  const double measured = r.clock_hz();
  return measured > 0 ? measured : base.clock_hz;
}

std::string measured_board(const ProbeReport& r, const Board& base) {
  if (r.differing() > 0) {
    throw Error(Exit::kDiffers, "node " + r.identity.name +
                                    " computes other bytes than this computer, "
                                    "so no board file is written");
  }
  if (!r.ran()) {
    throw Error(Exit::kUnsupported,
                "node " + r.identity.name +
                    " runs none of the kernels, so no board file is written");
  }
  if (probe_emulator(r)) {
    throw Error(Exit::kUnsupported,
                "node " + r.identity.name + " (" + r.identity.board +
                    ") has no counter of cycles, as in QEMU: what was "
                    "emulated is no measured board",
                "leave out --output; `--board " + r.identity.board +
                    "` has this board's estimates");
  }
  const double hz = probe_clock_hz(r, base);
  Text t;
  t.line("# Written by `shoal probe`; --board and cluster files take it.");
  t.text("measured", r.identity.board);
  const std::string kind = ", measured";
  t.text("title", base.title.ends_with(kind) ? base.title : base.title + kind);
  t.text("core", base.core);
  t.line("cores = {}", base.cores);
  t.line("clock_mhz = {:.6g}", hz / 1e6);
  t.text("fixed_kind", "measured");
  memory(t, r, base);
  costs(t, r, base, hz);
  link(t, r, base);
  others(t, base);
  t.line("\n[sources]");
  t.text("cycles", how(r));
  t.text("clock", r.clock_hz() > 0 ? "measured" : "of board " + base.name);
  t.text("memory", "measured: what the node says it has");
  t.text("link", r.link.bytes_per_s > 0
                     ? "measured: rows of a small network"
                     : "measured: round trips; rate of board " + base.name);
  t.text("rest", "of board " + base.name);
  std::string text = t.take();
  parse_board("measured", text);
  return text;
}

}  // namespace shoal

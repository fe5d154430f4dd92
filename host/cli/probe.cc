// `shoal probe`: a node without a model. What it is, whether it computes the
// right bytes, what its kernels and its link take.
#include "host/probe/probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/hex.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/base/table.h"
#include "host/board/said_board.h"
#include "host/cli/commands.h"
#include "host/cli/file_names.h"
#include "host/cli/output.h"
#include "host/cli/worker_flags.h"
#include "host/engine/workers/serial.h"
#include "host/probe/board_file.h"

namespace shoal {
namespace {

// A path is a serial line.
std::string address_text(const std::string& text) {
  return text.starts_with("/") ? kSerialPrefix + text : text;
}

// Projects for boards of QEMU's, whose nodes have a serial line, run with a
// clock that moves on by a fixed time for an instruction: then that is what is
// counted. With a network QEMU keeps this computer's time.
double instruction_s(const ProbeReport& r) {
  const Emulator* const emulator = probe_emulator(r);
  if (!emulator || !is_serial(r.address)) return 0;
  return 1e-9 * (int64_t{1} << emulator->icount_shift);
}

struct Unit {
  const char* name;
  double factor;  // of ProbeResult::each
};
Unit unit_of(const ProbeReport& r) {
  if (r.in_cycles()) return {"cycles", 1};
  const double instruction = instruction_s(r);
  if (instruction > 0) return {"instructions", 1 / instruction};
  return {"ns", 1e9};
}

bool counts_macs(ProbeCost cost) {
  return cost != ProbeCost::kElement && cost != ProbeCost::kFiring;
}

std::string counter_text(const ProbeReport& r) {
  const MeterReading* const m = r.reading();
  if (!m) return "none: this node does not meter its runs";
  const std::string clock =
      instruction_s(r) > 0
          ? "the clock (microseconds), emulated: it counts instructions"
      : probe_emulator(r)
          ? "the clock (microseconds), emulated: it keeps this computer's time"
          : "the clock (microseconds)";
  if (m->stands_still()) return m->counter + " stands still; " + clock;
  if (!m->counts()) return "no cycle counter; " + clock;
  if (m->counter_hz > 0) {
    return m->counter + ", " +
           format_count(static_cast<int64_t>(m->counter_hz)) + " a second";
  }
  const double hz = r.clock_hz();
  char text[48] = "";
  if (hz > 0) std::snprintf(text, sizeof text, ", %.1f MHz", hz / 1e6);
  return m->counter + text;
}

std::string difference_text(const ProbeResult::Difference& d) {
  char text[64];
  std::snprintf(text, sizeof text, "DIFFERS at byte %zu: %d, not %d", d.at,
                d.there, d.here);
  return text;
}

std::string outcome(const ProbeResult& one) {
  if (one.difference) return difference_text(*one.difference);
  return one.missing.empty() ? "exact" : "not run";
}

void print_identity(const ProbeReport& r, const Board& base) {
  const IdentityAnswer& f = r.identity.facts;
  const MeterReading* const m = r.reading();
  say("node         %s at %s\n", r.identity.name.c_str(), r.address.c_str());
  say("board        %s, %s\n", r.identity.board.c_str(), base.core.c_str());
  say("kernels      %s\n",
      m && !m->kernels.empty() ? m->kernels.c_str() : "not said");
  say("arithmetic   0x%08X, session version %d\n", kArithmetic,
      kSessionVersion);
  say("arena        %s\n", format_bytes(f.arena_bytes).c_str());
  if (is_built_in(f)) {
    say("program      built in, %s, %s\n",
        format_bytes(f.program_bytes).c_str(),
        to_hex(std::span(f.program_hash).first(8)).c_str());
  } else {
    say("program      room for %s, %s\n",
        format_bytes(f.program_capacity).c_str(),
        f.program_bytes
            ? ("holds " + to_hex(std::span(f.program_hash).first(8))).c_str()
            : "holds none");
  }
  say("counter      %s\n", counter_text(r).c_str());
}

void print_kernels(const ProbeReport& r) {
  const Unit unit = unit_of(r);
  TextTable table(
      {{"kernel", Align::kLeft},
       {"bytes", Align::kLeft},
       {"of all", Align::kRight, 1},
       {"firings", Align::kRight, 1},
       {std::string(unit.name) + " per MAC or element", Align::kLeft}});
  for (const ProbeResult& one : r.results) {
    if (one.shape->cost == ProbeCost::kFiring) continue;
    table.add({one.shape->name, outcome(one), format_count(one.work),
               one.meter ? format_count(one.meter->firings) : "-",
               one.meter ? fmt::format("{:.3f}", one.each * unit.factor) : ""});
  }
  if (r.metered()) {
    table.add({"each firing besides", "", "", "",
               fmt::format("{:.1f}", r.firing * unit.factor)});
  }
  say("\n");
  say_table(table);
}

void print_link(const ProbeLink& l) {
  say("\nround trip\n");
  for (const ProbeRoundTrip& t : l.round_trips) {
    say("  %5lld B    least %.0f us, median %.0f us of %d\n",
        static_cast<long long>(t.bytes), t.least_us, t.median_us, t.count);
  }
  say("asked again  %lld of %lld requests\n",
      static_cast<long long>(l.asked_again), static_cast<long long>(l.asked));
  if (l.bytes_per_s > 0) {
    say("rows         %.3f MB/s, %lld of %lld B sent again\n",
        l.bytes_per_s / 1e6, static_cast<long long>(l.resent_bytes),
        static_cast<long long>(l.row_bytes));
  }
}

void print_reasons(const ProbeReport& r) {
  for (const ProbeResult& one : r.results) {
    if (one.missing.empty()) continue;
    tell("%s: %s\n", one.shape->name, one.missing.c_str());
  }
}

nlohmann::json json_of(const ProbeResult& one, const Unit& unit) {
  nlohmann::json j{
      {"kernel", one.shape->name},
      {"result", one.difference        ? "differs"
                 : one.missing.empty() ? "exact"
                                       : "not run"},
      {"counts", counts_macs(one.shape->cost) ? "macs" : "elements"},
      {"work", one.work}};
  if (!one.missing.empty()) j["why"] = one.missing;
  if (one.difference) {
    j["first_byte"] = one.difference->at;
    j["there"] = one.difference->there;
    j["here"] = one.difference->here;
  }
  if (one.meter) {
    j["firings"] = one.meter->firings;
    j["ticks"] = one.meter->ticks;
    j["us"] = one.meter->us;
    j["each"] = one.each * unit.factor;
  }
  return j;
}

void print_json(const ProbeReport& r, const Board& base) {
  const IdentityAnswer& f = r.identity.facts;
  const Unit unit = unit_of(r);
  const MeterReading* const m = r.reading();
  nlohmann::json j{{"address", r.address},
                   {"name", r.identity.name},
                   {"board", r.identity.board},
                   {"core", base.core},
                   {"arithmetic", kArithmetic},
                   {"session_version", kSessionVersion},
                   {"kernels", m ? m->kernels : std::string()},
                   {"arena_bytes", f.arena_bytes},
                   {"program_capacity_bytes", f.program_capacity},
                   {"program_bytes", f.program_bytes},
                   {"program_built_in", is_built_in(f)},
                   {"program_sha256",
                    f.program_bytes ? to_hex(f.program_hash) : std::string()},
                   {"max_payload", f.max_payload},
                   {"kind", probe_emulator(r) ? "emulated" : "measured"},
                   {"counter", m ? m->counter : std::string()},
                   {"counter_stands_still", m && m->stands_still()},
                   {"clock_hz", r.clock_hz()},
                   {"unit", unit.name},
                   {"firing", r.firing * unit.factor},
                   {"results", nlohmann::json::array()}};
  for (const ProbeResult& one : r.results) {
    j["results"].push_back(json_of(one, unit));
  }
  nlohmann::json trips = nlohmann::json::array();
  for (const ProbeRoundTrip& t : r.link.round_trips) {
    trips.push_back({{"bytes", t.bytes},
                     {"count", t.count},
                     {"least_us", t.least_us},
                     {"median_us", t.median_us}});
  }
  j["link"] = {{"round_trips", trips},
               {"requests", r.link.asked},
               {"requests_again", r.link.asked_again},
               {"rows_bytes_per_s", r.link.bytes_per_s},
               {"rows_bytes", r.link.row_bytes},
               {"rows_resent_bytes", r.link.resent_bytes}};
  say_json(j);
}

// Returns the board from which unmeasured figures come.
Board base_board(const ProbeFlags& flags, const std::string& said) {
  if (!flags.board.empty()) return find_board(flags.board);
  if (const Board* const board = said_board(said)) return *board;
  throw Error(Exit::kUsage,
              "the node says that its board is '" + said +
                  "', which this shoal does not know",
              "give --board with a similar one, for what is not measured");
}

// Before the node is measured.
void check_folder(const std::string& output) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(output).parent_path();
  std::error_code ignored;
  if (folder.empty() || fs::is_directory(folder, ignored)) return;
  throw Error(
      Exit::kUsage,
      printable(output) + ": there is no folder " + printable(folder.string()),
      "make the folder, or give another --output");
}

}  // namespace

int probe_command(const ProbeFlags& flags) {
  std::vector<FileArgument> read;
  if (!flags.cluster.insecure) read.push_back({"--key", flags.cluster.key});
  if (!flags.output.empty() && !is_board_file(flags.output)) {
    throw Error(Exit::kUsage, flags.output + " is not a name for a board file",
                "use a name that ends with .toml");
  }
  check_folder(flags.output);
  check_files(read, {{"--output", flags.output}});
  if (!flags.board.empty()) static_cast<void>(find_board(flags.board));
  ProbeOptions options;
  options.address =
      parse_worker_address(address_text(flags.address), "ADDRESS");
  const auto transport = open_transport({options.address});
  options.transport = transport.get();
  options.config = coordinator_config(flags.cluster, *transport);
  options.board = [&](const std::string& said) {
    return base_board(flags, said);
  };
  options.progress = [](const std::string& what) {
    tell("%s\n", what.c_str());
  };
  const StopSignals signals;
  const ProbeReport report = probe(std::move(options), signals);
  const Board base = base_board(flags, report.identity.board);
  if (flags.json) {
    print_json(report, base);
  } else {
    print_identity(report, base);
    print_kernels(report);
    print_link(report.link);
  }
  print_reasons(report);
  if (!report.ran()) {
    throw Error(Exit::kUnsupported, "node " + report.identity.name +
                                        " runs none of the kernels; why is "
                                        "said above");
  }
  if (!flags.output.empty()) {
    const std::string text = measured_board(report, base);
    write_file(flags.output, {text.begin(), text.end()});
    tell("%s: a board that --board and cluster files take\n",
         flags.output.c_str());
  }
  if (report.differing() == 0) return 0;
  for (const ProbeResult& one : report.results) {
    if (!one.difference) continue;
    throw Error(
        Exit::kDiffers,
        "node " + report.identity.name + ": kernel " + one.shape->name + " " +
            difference_text(*one.difference),
        "compile its kernels again; docs/tutorials/one_board.md names a "
        "GCC option that some cores need");
  }
  return 0;
}

}  // namespace shoal

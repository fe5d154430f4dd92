#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/cli/asked.h"
#include "host/cli/classes.h"
#include "host/cli/common.h"
#include "host/cli/file_names.h"
#include "host/cli/measured_timeline.h"
#include "host/cli/open_engine.h"
#include "host/cli/output.h"
#include "host/cli/results.h"
#include "host/cli/run_inputs.h"
#include "host/cli/run_report.h"
#include "host/cli/store_flags.h"

namespace shoal {
namespace {

uint32_t free_bytes(const Emulated& e) {
  return e.end.arena_available - e.end.arena_bytes;
}

void print_json(const EmulateFlags& flags, const Prepared& p, const Emulated& e,
                nlohmann::json json) {
  const int frames = flags.frames;
  json.update({{"board", p.plan.nodes[0].board},
               {"kind", "emulated; instructions, not cycles"},
               {"frames", frames},
               {"arena_bytes", e.end.arena_bytes},
               {"arena_touched_bytes", e.end.arena_touched},
               {"free_bytes", free_bytes(e)},
               {"sram_bytes", e.memory.sram_bytes},
               {"fixed_bytes", e.memory.fixed_bytes},
               {"stack_bytes", e.memory.stack_bytes},
               {"stack_used_bytes", e.memory.stack_used},
               {"flash_bytes", e.memory.flash_bytes},
               {"flash_used_bytes", e.memory.flash_used},
               {"program_bytes", e.end.program_bytes},
               {"program_read_bytes", e.end.program_read_bytes},
               {"input_read_bytes", e.end.input_read_bytes},
               {"load_instructions", e.load_instructions},
               {"frame_instructions", e.frame_instructions / frames},
               {"layers", nlohmann::json::array()}});
  for (const auto& [index, count] : e.layers) {
    nlohmann::json layer{{"layer", index},
                         {"steps", count.steps / frames},
                         {"instructions", count.instructions / frames}};
    if (index >= 0) {
      const Layer& l = p.net.layers[static_cast<size_t>(index)];
      layer["name"] = l.name;
      layer["op"] = l.file_op;
      layer["macs"] = l.macs;
    }
    json["layers"].push_back(layer);
  }
  say_json(json);
}

// SRAM from its first byte to its last.
void print_memory(const Emulated& e) {
  const shoal_memory& m = e.memory;
  const uint32_t stacks = m.stack_bytes + m.handler_stack_bytes;
  say("SRAM %s\n", format_bytes(m.sram_bytes).c_str());
  const auto line = [](const char* what, uint32_t bytes, const char* note) {
    say("  %-8s %7u B  %s\n", what, bytes, note);
  };
  char note[80];
  std::snprintf(note, sizeof note,
                "measured: %u B used, %u B of %u B by interrupts", m.stack_used,
                m.handler_stack_used, m.handler_stack_bytes);
  line("stacks", stacks, note);
  line("statics", m.fixed_bytes - stacks, "node, board");
  line("arena", e.end.arena_bytes, "exactly as planned");
  line("free", free_bytes(e), "");
  say("flash %s, measured: %s used by the firmware\n",
      format_bytes(m.flash_bytes).c_str(), format_bytes(m.flash_used).c_str());
}

void print_layers(const Prepared& p, const Emulated& e, int frames) {
  say("%12s %10s  %s\n", "instructions", "per MAC", "layer");
  for (const auto& [index, count] : e.layers) {
    const double n = static_cast<double>(count.instructions) / frames;
    if (index < 0) {
      say("%12.0f %10s  storage: weights, records, input\n", n, "");
      continue;
    }
    const Layer& l = p.net.layers[static_cast<size_t>(index)];
    char per_mac[16] = "";
    if (l.macs > 0) {
      std::snprintf(per_mac, sizeof per_mac, "%.2f",
                    n / static_cast<double>(l.macs));
    }
    say("%12.0f %10s  %d %s\n", n, per_mac, index,
        l.name.substr(0, l.name.find(';')).c_str());
  }
}

void print_text(const EmulateFlags& flags, const Prepared& p, const Emulated& e,
                const Results& results, const Results::Result& result) {
  results.print(result);
  say("board %s, emulated\n", p.plan.nodes[0].board.c_str());
  print_memory(e);
  say("storage: %s of program read, of %s\n",
      format_bytes(e.end.program_read_bytes).c_str(),
      format_bytes(e.end.program_bytes).c_str());
  say("measured: %s emulated instructions (not cycles) to load, %s a frame\n",
      format_count(e.load_instructions).c_str(),
      format_count(e.frame_instructions / flags.frames).c_str());
  if (flags.layers) print_layers(p, e, flags.frames);
}

Section work_section(const Prepared& p, const Emulated& e, int frames) {
  Chart work = table_chart("Instructions of a frame",
                           {{"layer", ""},
                            {"name", ""},
                            {"instructions", "", Origin::kEmulated},
                            {"a MAC", "", Origin::kEmulated, 2}});
  for (const auto& [index, count] : e.layers) {
    const double n = static_cast<double>(count.instructions) / frames;
    if (index < 0) {
      work.table.rows.push_back({Cell(), "storage", n, Cell()});
      continue;
    }
    const Layer& l = p.net.layers[static_cast<size_t>(index)];
    const Cell each =
        l.macs > 0 ? Cell(n / static_cast<double>(l.macs)) : Cell();
    work.table.rows.push_back({static_cast<double>(index),
                               l.name.substr(0, l.name.find(';')), n, each});
  }
  Chart memory =
      table_chart("SRAM", {{"part of it", ""}, {"bytes taken", "B"}});
  const shoal_memory& m = e.memory;
  const uint32_t stacks = m.stack_bytes + m.handler_stack_bytes;
  const auto row = [&memory](const char* part, uint32_t bytes) {
    memory.table.rows.push_back({part, static_cast<double>(bytes)});
  };
  row("stacks", stacks);
  row("statics", m.fixed_bytes - stacks);
  row("arena", e.end.arena_bytes);
  row("free", free_bytes(e));
  return {"board",
          "The emulated board",
          "The emulator counts instructions, which are no cycles.",
          {std::move(work), std::move(memory)},
          {}};
}

}  // namespace

int emulate_command(const EmulateFlags& flags) {
  const bool several = flags.plan.nodes || !flags.plan.cluster.empty();
  require_flags(!several      ? EngineKind::kBoard
                : flags.serve ? EngineKind::kServed
                              : EngineKind::kBoards,
                flags);
  if (several) return emulate_nodes(flags);
  require_operands("emulate", flags.model, flags.plan, "INPUT", flags.input);
  check_files({{"MODEL", flags.model},
               {"INPUT", flags.input},
               {"--labels", flags.results.labels}},
              {{"--output", flags.results.output},
               {"--trace", flags.results.trace},
               {"--timeline", flags.results.timeline},
               {"--html", flags.results.html}});
  const bool traced = !flags.results.trace.empty();
  EngineOpening opening({.verb = "emulate",
                         .model = flags.model,
                         .ends = flags.ends,
                         .plan = flags.plan,
                         .trace = traced,
                         .emulated_s = flags.seconds});
  const std::vector<std::string> labels = read_labels(flags.results.labels);
  const RunInput source = only_run_input(opening.graph(), flags.input,
                                         input_options(flags.pictures));
  const Bytes input = source.load(opening.graph());
  const std::unique_ptr<BoardEngine> engine = opening.open_board();
  const Prepared& p = engine->prepared();
  LockRequest request = lock_request(flags.plan, "emulate");
  request.fix = "another folder with --output-dir";
  Results results(flags.results, flags.pictures, p.graph, opening.detection(),
                  labels, request);
  Bytes output;
  run_frames(*engine, {input}, flags.frames, [&](int64_t f, const Answer& a) {
    output = a.output;
    if (f + 1 == flags.frames && traced) {
      write_trace(flags.results.trace, p.graph, a);
    }
  });
  const Emulated& e = engine->result();
  for (const std::string& line : e.said) {
    tell_more("the board says: " + printable(line));
  }
  if (!flags.results.output.empty()) write_file(flags.results.output, output);
  const Results::Result result = results.read(source, output);
  results.finish();
  const std::string timeline = board_timeline(p, e);
  if (!flags.results.timeline.empty()) {
    write_file(flags.results.timeline, timeline);
  }
  if (!flags.results.html.empty()) {
    Document page{.title = p.graph.name, .command = flags.results.command};
    page.sections = {results.take_section(), work_section(p, e, flags.frames)};
    write_verb_page(flags.results.html, engine->report(), opening.budgets(),
                    std::move(page), timeline);
  }
  if (flags.json) {
    print_json(flags, p, e, results.json(result));
  } else {
    print_text(flags, p, e, results, result);
  }
  return 0;
}

}  // namespace shoal

// ops, boards, doctor: what this build knows.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "device/kernels/kernels.h"
#include "device/program/image.h"
#include "host/base/parallel.h"
#include "host/base/printable.h"
#include "host/base/table.h"
#include "host/board/board.h"
#include "host/cli/commands.h"
#include "host/cli/output.h"
#include "host/export/layouts.h"
#include "host/model/graph/operators.h"

namespace shoal {
namespace {

// By name, whatever stands between its words. No file has a TABLE.
std::vector<const OpInfo*> sorted_operators() {
  std::vector<const OpInfo*> list;
  for (const OpInfo& op : all_operators()) {
    if (op.kind != OpKind::kTable) list.push_back(&op);
  }
  const auto plain = [](const OpInfo* op) {
    std::string name = op->name;
    std::erase(name, '_');
    return name;
  };
  std::ranges::sort(list, {}, plain);
  return list;
}

void print(const nlohmann::json& json) { say_json(json); }

// The most that this computer does with a board.
const char* done_here(const Board& b) {
  if (!b.emulator) return b.name == "host" ? "run" : "plan";
  if (b.emulator->storage_bytes == 0) return "bench-node";
  return b.emulator->nic.empty() ? "emulate one" : "emulate";
}

// Which tools' projects there are, and for which boards.
void print_exports() {
  say("\nshoal export --as\n");
  std::string any;
  for (const Ecosystem& e : ecosystems()) {
    if (e.any_board) any += (any.empty() ? "" : ", ") + std::string(e.name);
  }
  say("  %-12s every board\n", any.c_str());
  for (const Ecosystem& e : ecosystems()) {
    if (e.any_board) continue;
    std::string boards;
    for (const std::string& id : boards_of(e.name)) {
      boards += (boards.empty() ? "" : ", ") + id;
    }
    say("  %-12s %s\n", e.name, boards.c_str());
  }
}

}  // namespace

int ops_command(const ListFlags& flags) {
  if (flags.json) {
    auto list = nlohmann::json::array();
    for (const OpInfo* op : sorted_operators()) {
      list.push_back({{"name", op->name},
                      {"how", op->how},
                      {"int16", computes_int16(op->kind)}});
    }
    print({{"operators", list}});
    return 0;
  }
  TextTable table({{"operator (int8, uint8)", Align::kLeft},
                   {"int16", Align::kLeft},
                   {"how it runs", Align::kLeft}});
  for (const OpInfo* op : sorted_operators()) {
    table.add({op->name, computes_int16(op->kind) ? "yes" : "", op->how});
  }
  say_table(table);
  say("\nModels that compute in float32, of .onnx or .tflite, become such ones "
      "with\nshoal quantize.\n");
  return 0;
}

int boards_command(const ListFlags& flags) {
  auto list = nlohmann::json::array();
  TextTable table({{"id", Align::kLeft},
                   {"core", Align::kLeft, 1},
                   {"MHz"},
                   {"arena KB"},
                   {"fixed KB", Align::kRight, 3},
                   {"flash", Align::kRight, 2},
                   {"here", Align::kLeft},
                   {"title", Align::kLeft}});
  std::string both;  // boards of which two cores are used
  for (const std::string& id : board_ids()) {
    const Board& b = find_board(id);
    if (b.costs.second.is_used()) both += (both.empty() ? "" : ", ") + id;
    if (flags.json) {
      list.push_back(
          {{"id", id},
           {"title", b.title},
           {"core", b.core},
           {"cores", b.cores},
           {"cores_used", b.costs.second.is_used() ? 2 : 1},
           {"clock_hz", b.clock_hz},
           {"arena_limit_bytes",
            b.unlimited() ? nlohmann::json() : nlohmann::json(b.arena_limit())},
           {"fixed_bytes", b.fixed_bytes()},
           {"fixed_kind", b.fixed_kind},
           {"flash_bytes", b.flash_bytes},
           {"flash_mapped", b.flash_mapped},
           {"link", b.link},
           {"here", done_here(b)},
           {"export", ecosystems_of(id)},
           {"storage", b.storages.front().title},
           {"sources", b.sources}});
      continue;
    }
    const std::string arena =
        b.unlimited() ? "unlimited" : std::to_string(b.arena_limit() / 1024);
    table.add({id, b.core, std::to_string(std::llround(b.clock_hz / 1e6)),
               arena, std::to_string(b.fixed_bytes() / 1024),
               b.flash_mapped ? "mapped" : "stored", done_here(b), b.title});
  }
  if (flags.json) {
    print({{"boards", list}});
  } else {
    say_table(table);
    say("\narena: the largest bank less the fixed bytes in it (firmware,\n"
        "stack; estimated until a build has measured them). One core is "
        "used,\nboth of %s.\nhere: what this computer can do with it. "
        "`emulate` runs "
        "models on it in\nQEMU, on one or on a network of them (`--nodes`), "
        "`bench-node` counts its\nkernels' instructions there, for all others "
        "there are plans and virtual nodes.\n",
        both.c_str());
    print_exports();
  }
  return 0;
}

int doctor_command(const ListFlags& flags) {
  const KernelSet& best = best_kernels();
  const int cores = core_count();
  const char* const rounding = "operator set 1, double rounding";
  if (flags.json) {
    print({{"version", SHOAL_VERSION},
           {"kernels", best.name},
           {"arithmetic", kArithmetic},
           {"image_version", kBanksVersion},
           {"cores", cores},
           {"config", flags.config.empty() ? nlohmann::json()
                                           : nlohmann::json(flags.config)},
           {"boards", board_ids().size()},
           {"operators", sorted_operators().size()}});
    return 0;
  }
  say("shoal %s\n", SHOAL_VERSION);
  say("kernels      %s\n", best.name);
  say("arithmetic   0x%08X (%s)\n", kArithmetic, rounding);
  say("program      version %d\n", kBanksVersion);
  say("cores        %d\n", cores);
  say("config       %s\n",
      flags.config.empty() ? "none (no shoal.toml here or in ~/.config/shoal)"
                           : printable(flags.config).c_str());
  say("boards       %zu\n", board_ids().size());
  say("operators    %zu\n", sorted_operators().size());
  return 0;
}

}  // namespace shoal

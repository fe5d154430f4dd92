#include <algorithm>
#include <nlohmann/json.hpp>

#include "host/base/size.h"
#include "host/cli/output.h"
#include "host/cli/simulate_report.h"
#include "host/plan/cost/wear.h"
#include "host/program/emit/emit.h"

namespace shoal {
namespace {

struct SoloAnswer {
  explicit SoloAnswer(const SimulateFlags& flags, const SoloEngine& engine)
      : p(engine.prepared()),
        board(engine.board()),
        frame(engine.node().last()),
        period_s(flags.plan.storage.fps > 0 ? 1 / flags.plan.storage.fps : 0),
        unlimited_s(unlimited_seconds(p.net, board)),
        frames(flags.frames),
        most_erases(engine.node().most_erases()),
        sealed(engine.sealed()) {
    const PlanNode& node = p.plan.nodes[0];
    if (reads_storage(node)) storage = &find_storage(board, node.storage);
  }

  FrameEnergy energy() const {
    return frame_energy(board, storage, frame.load(), period_s);
  }
  double slowdown() const {
    return unlimited_s > 0 ? frame.seconds / unlimited_s - 1 : 0;
  }

  const Prepared& p;
  const Board& board;
  const Storage* storage = nullptr;  // null: nothing is read from it
  const SoloFrame& frame;            // the last one; of a batch, all of it
  const double period_s;             // 0: one frame after another
  const double unlimited_s;
  const int frames;
  const uint32_t most_erases;  // of a block, since the first frame
  const bool sealed;
};

void print_json(const SoloAnswer& a) {
  const PlanNode& node = a.p.plan.nodes[0];
  const SoloFrame& f = a.frame;
  const FrameEnergy e = a.energy();
  nlohmann::json json{{"latency_s", f.seconds},
                      {"latency_kind", "modelled"},
                      {"planned_s", node.seconds},
                      {"unlimited_sram_s", a.unlimited_s},
                      {"slowdown", a.slowdown()},
                      {"frames", a.frames},
                      {"board", a.board.name},
                      {"arena_bytes", node.arena_bytes},
                      {"storage", a.storage ? a.storage->name : ""},
                      {"sealed", a.sealed},
                      {"macs", f.work.macs},
                      {"compute_s", f.work.compute_s},
                      {"firing_s", f.work.firing_s},
                      {"flash_s", f.work.flash_s},
                      {"check_s", f.check_s},
                      {"storage_s", f.storage_s()},
                      {"wait_s", f.wait_s},
                      {"waits", f.waits},
                      {"storage_reads", f.storage.reads},
                      {"storage_read_bytes", f.storage.read_bytes},
                      {"storage_written_bytes", f.storage.written_bytes},
                      {"storage_erases", f.storage.erasures},
                      {"most_erases", a.most_erases},
                      {"energy",
                       {{"compute_j", e.compute_j},
                        {"storage_j", e.storage_j},
                        {"idle_j", e.idle_j},
                        {"total_j", e.total_j()},
                        {"period_s", std::max(a.period_s, f.seconds)}}},
                      {"equal", true},
                      {"compared_with", "oracle"}};
  if (a.p.net.frames > 1) {  // the numbers are of all of them
    json["batch"] = a.p.net.frames;
    json["frames_per_s"] = a.p.net.frames / f.seconds;
    json["frame_s"] = f.seconds / a.p.net.frames;
  }
  say_json(json);
}

void print_part(const char* name, double part_s, double all_s) {
  say("%-12s %.3f ms, %.1f %% of the frame\n", name, part_s * 1e3,
      all_s > 0 ? 100 * part_s / all_s : 0.0);
}

void print_text(const SoloAnswer& a) {
  const PlanNode& node = a.p.plan.nodes[0];
  const SoloFrame& f = a.frame;
  const int batch = a.p.net.frames;
  const std::string each =
      batch == 1 ? "a frame" : "per batch of " + std::to_string(batch);
  say("latency      %.3f ms %s on %s (modelled)\n", f.seconds * 1e3,
      each.c_str(), a.board.name.c_str());
  if (batch > 1) {
    say("per frame    %.3f ms, %.2f frames/s (modelled)\n",
        f.seconds * 1e3 / batch, batch / f.seconds);
  }
  say("unlimited    %.3f ms with all in SRAM: %.1f %% slower\n",
      a.unlimited_s * 1e3, 100 * a.slowdown());
  say("output       equal to the oracle's, byte for byte\n");
  say("arena        %s, %zu stages\n", format_bytes(node.arena_bytes).c_str(),
      node.stages.size());
  print_part("compute", f.work.compute_s + f.work.firing_s, f.seconds);
  print_part("flash", f.work.flash_s, f.seconds);
  if (a.storage) {
    print_part("checks", f.check_s, f.seconds);
    print_part("waits", f.wait_s, f.seconds);
    print_part("storage busy", f.storage_s(), f.seconds);
    say("storage      %s: %s B read in %s requests, %s B written%s\n",
        a.storage->name.c_str(), format_count(f.storage.read_bytes).c_str(),
        format_count(static_cast<int64_t>(f.storage.reads)).c_str(),
        format_count(f.storage.written_bytes).c_str(),
        a.sealed ? ", encrypted" : ", not encrypted");
    if (node.spill_pages > 0) {
      say("wear         %s blocks of %s erased %s, the most worn one %u "
          "times so far; %s\n",
          format_count(static_cast<int64_t>(f.storage.erasures)).c_str(),
          format_bytes(node.spill_page_bytes).c_str(), each.c_str(),
          a.most_erases, life_text(node, batch).c_str());
    }
  }
  const FrameEnergy e = a.energy();
  say("energy       %.3f mJ a frame of %.3f ms: compute %.3f, storage %.3f, "
      "idle %.3f\n",
      e.total_j() * 1e3, std::max(a.period_s, f.seconds) * 1e3,
      e.compute_j * 1e3, e.storage_j * 1e3, e.idle_j * 1e3);
}

}  // namespace

void report_solo(const SimulateFlags& flags, const SoloEngine& engine) {
  const SoloAnswer answer(flags, engine);
  if (flags.json) {
    print_json(answer);
  } else {
    print_text(answer);
  }
}

}  // namespace shoal

#include "host/cli/simulate_solo.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/cli/asked.h"
#include "host/cli/common.h"
#include "host/cli/output.h"
#include "host/cli/store_flags.h"
#include "host/engine/local/local_node.h"
#include "host/engine/virtual/solo.h"
#include "host/engine/virtual/store_image.h"
#include "host/model/import/import.h"
#include "host/oracle/int8/oracle.h"
#include "host/plan/cost/wear.h"
#include "host/program/emit/emit.h"

namespace shoal {
namespace {

struct SoloAnswer {
  const Prepared& p;
  const Board& board;
  const Storage* storage;  // null: nothing is read from it
  SoloFrame frame = {};    // the last one; of a batch, all of it
  double period_s = 0;     // 0: one frame after another
  double unlimited_s = 0;
  int frames = 0;
  uint32_t most_erases = 0;  // of a block, since the first frame
  bool sealed = false;

  FrameEnergy energy() const {
    return frame_energy(board, storage, frame.load(), period_s);
  }
  double slowdown() const {
    return unlimited_s > 0 ? frame.seconds / unlimited_s - 1 : 0;
  }
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

std::vector<uint8_t> noise_input(const Graph& graph, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint8_t> out;
  for (const int t : graph.inputs) {
    const Tensor& tensor = graph.tensors[static_cast<size_t>(t)];
    const int64_t count = element_count(tensor.shape);
    for (int64_t i = 0; i < count; ++i) {
      if (type_bytes(tensor.type) == 1) {
        out.push_back(static_cast<uint8_t>(random()));
        continue;
      }
      const float v = static_cast<float>(random() >> 40) * 0x1p-23f - 1;
      const auto* const bytes = reinterpret_cast<const uint8_t*>(&v);
      out.insert(out.end(), bytes, bytes + sizeof v);
    }
  }
  return out;
}

std::vector<uint8_t> simulated_input(const Graph& graph,
                                     const SimulateFlags& flags) {
  return flags.input.empty()
             ? noise_input(graph, flags.network.seed)
             : load_input(graph, flags.input, picture_options(flags.pictures));
}

// The file for all frames of a batch, or other noise for each.
static std::vector<std::vector<uint8_t>> batch_inputs(
    const Graph& graph, const SimulateFlags& flags, int batch) {
  if (!flags.input.empty()) {
    const auto all = static_cast<size_t>(batch);
    return std::vector(all, simulated_input(graph, flags));
  }
  std::vector<std::vector<uint8_t>> frames;
  for (int f = 0; f < batch; ++f) {
    const auto seed = flags.network.seed + static_cast<uint64_t>(f);
    frames.push_back(noise_input(graph, seed));
  }
  return frames;
}

int simulate_solo(const SimulateFlags& flags) {
  constexpr EngineKind kKind = EngineKind::kModelled;
  require_flags(kKind, flags.plan, flags.network);
  require_flag(kKind, !flags.timeline.empty(),
               {"--timeline", Ability::kTimeline});
  PlanFlags plan = flags.plan;
  const double fps = plan.storage.fps;
  if (!plan.storage.lifetime) plan.storage.fps = 0;  // of the energy, then
  const PlanRequest request = plan_request(plan);
  const Board& board = request.node().board;
  Graph graph = load_model(flags.model);
  const std::vector<std::vector<uint8_t>> frames =
      batch_inputs(graph, flags, request.batch);
  const Prepared p = prepare(std::move(graph), request, Images::kNone);
  std::vector<uint8_t> input, expected;
  for (const std::vector<uint8_t>& frame : frames) {
    input.insert(input.end(), frame.begin(), frame.end());
    const auto output = model_output(p.graph, run_oracle(p.graph, frame));
    expected.insert(expected.end(), output.begin(), output.end());
  }

  const PlanNode& node = p.plan.nodes[0];
  SoloAnswer a{p, board, nullptr};
  if (reads_storage(node))
    a.storage = &find_storage(board, request.node().storage);
  std::optional<StoreKey> key;
  if (a.storage) key = store_settings(plan, "simulate", {}).options.key;
  SoloOptions solo;
  solo.storage = a.storage;
  if (key) solo.key = key->data();
  solo.image = store_image(p.net, p.plan, 0, solo.key);
  SoloNode sim(p, board, solo);
  for (int frame = 0; frame < flags.frames; ++frame) {
    if (sim.run(input) == expected) continue;
    throw Error(Exit::kDiffers, "frame " + std::to_string(frame) +
                                    ": the output is not the oracle's");
  }
  a.frame = sim.last();
  a.frames = flags.frames;
  a.most_erases = sim.most_erases();
  a.sealed = key.has_value();
  a.period_s = fps > 0 ? 1 / fps : 0;
  a.unlimited_s = unlimited_seconds(p.net, board);
  if (flags.json) {
    print_json(a);
  } else {
    print_text(a);
  }
  return 0;
}

}  // namespace shoal

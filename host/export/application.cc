#include "host/export/application.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <memory>
#include <set>
#include <utility>

#include "device/alone/wire.h"
#include "device/runtime/node.h"
#include "device/shoal.h"
#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/engine/common/fenced_arena.h"
#include "host/engine/common/frame.h"
#include "host/plan/cost/time.h"
#include "host/plan/text/op_names.h"
#include "host/plan/types/plan_segments.h"
#include "host/program/store/store_info.h"

namespace shoal {
namespace {

// A board says it to a computer.
constexpr size_t kMostNameBytes = alone::kNetworkNameBytes;

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

void check_status(int status) {
  if (status == SHOAL_OK || status == SHOAL_WAIT) return;
  throw Error(Exit::kInternal,
              std::string("the exported program: ") +
                  shoal_status_text(static_cast<shoal_status>(status)));
}

// The program as the board will run it.
class TestRun {
 public:
  TestRun(const std::vector<uint8_t>& image, uint32_t arena_bytes)
      : arena_(arena_bytes) {
    shoal_config config{};
    config.image = image.data();
    config.image_bytes = static_cast<uint32_t>(image.size());
    check_status(shoal_open(&node_, &config, arena_.data(), arena_bytes));
    while (shoal_outputs(&node_) == 0) check_status(shoal_step(&node_));
  }

  uint32_t variable_bytes() {
    uint32_t sum = 0, bytes = 0;
    for (uint32_t v = 0; v < shoal_variables(&node_); ++v, sum += bytes) {
      variable_of(node_, v, bytes);
    }
    return sum;
  }

  NodeRows run(const NodeRows& inputs) {
    std::vector<uint32_t> pushed(inputs.size());
    NodeRows outputs(shoal_outputs(&node_));
    while (shoal_frames(&node_) == 0 || !complete(outputs)) {
      bool moved = false;
      for (size_t i = 0; i < inputs.size(); ++i)
        moved |= push(i, inputs, pushed);
      const int status = shoal_step(&node_);
      check_status(status);
      for (size_t o = 0; o < outputs.size(); ++o) moved |= take(o, outputs);
      if (status == SHOAL_WAIT && !moved) {
        throw Error(Exit::kInternal, "the exported program is stuck");
      }
    }
    return outputs;
  }

 private:
  bool push(size_t input, const NodeRows& rows, std::vector<uint32_t>& pushed) {
    const auto index = static_cast<uint32_t>(input);
    const shoal_io_info info = shoal_input_info(&node_, index);
    const uint32_t got = shoal_push_rows(
        &node_, index, rows[input].data() + pushed[input] * info.row_bytes,
        info.rows - pushed[input]);
    pushed[input] += got;
    return got > 0;
  }

  bool take(size_t output, NodeRows& rows) {
    const auto index = static_cast<uint32_t>(output);
    std::vector<uint8_t> row(shoal_output_info(&node_, index).row_bytes);
    if (shoal_take_rows(&node_, index, row.data(), 1) != 1) return false;
    rows[output].insert(rows[output].end(), row.begin(), row.end());
    return true;
  }

  bool complete(const NodeRows& rows) const {
    for (size_t o = 0; o < rows.size(); ++o) {
      const shoal_io_info info =
          shoal_output_info(&node_, static_cast<uint32_t>(o));
      if (rows[o].size() < size_t{info.rows} * info.row_bytes) return false;
    }
    return true;
  }

  Arena arena_;
  shoal_node node_{};
};

std::vector<uint8_t> joined(const NodeRows& rows) {
  std::vector<uint8_t> all;
  for (const auto& some : rows) all.insert(all.end(), some.begin(), some.end());
  return all;
}

ByteScale quantization_of(const Graph& graph, const NetIo& io) {
  const Tensor& t = graph.tensors[static_cast<size_t>(io.file_tensor)];
  if (io.conversion == Conversion::kQuantize ||
      io.conversion == Conversion::kQuantize16) {
    return {io.scale, io.zero};
  }
  return {t.scale(), t.zero()};
}

bool is_plain_name(const std::string& name) {
  return !name.empty() && name.size() <= kMostNameBytes &&
         std::ranges::all_of(name, is_word) &&
         std::isalpha(static_cast<unsigned char>(name[0]));
}

// Returns short names, which lie in the board's flash.
std::vector<std::string> layer_names(const Net& net) {
  constexpr size_t kNameWidth = 20;
  std::vector<std::string> names;
  for (const Layer& layer : net.layers) {
    names.push_back(std::string(layer_op_name(layer.op)) + " " +
                    short_name(layer.name, kNameWidth));
  }
  return names;
}

// Returns the microseconds that the time model gives each layer.
std::vector<double> model_times(const Net& net, const PlanNode& node,
                                const Board& board) {
  std::vector<int64_t> ps(net.layers.size());
  for (const PlanStage& stage : node.stages) {
    const std::vector<LayerTime> times = actor_times(net, stage, board);
    for (size_t i = 0; i < times.size(); ++i) {
      const PlanActor& a = stage.actors[i];
      if (a.layer < 0) continue;
      const LayerTime& t = times[i];
      ps[static_cast<size_t>(a.layer)] +=
          t.compute_ps + t.firing_ps + reading_ps(a.weights, t, board);
    }
  }
  std::vector<double> us;
  for (const int64_t some : ps) {
    us.push_back(static_cast<double>(some) * 1e6 / kPicoseconds);
  }
  return us;
}

// Refuses a program that needs what a bare board does not have.
void check_program(const Net& net, const PlanNode& node) {
  if (const int64_t again = replay_bytes(net, node); again > 0) {
    throw Error(Exit::kUnsupported,
                "the plan was made with --replay: " + format_bytes(again) +
                    " of the input come again, and an exported project pushes "
                    "each row once",
                "plan without --replay, or run this plan with `shoal run`");
  }
  if (!node.mapped || node.tape_bytes > 0 || node.spill_pages > 0 ||
      node.sram_weight_bytes > 0) {
    throw Error(Exit::kUnsupported,
                "board " + node.board + ": the plan reads its weights from " +
                    (node.storage.empty() ? "a storage" : node.storage) +
                    ", and an exported project has no driver for one",
                "use a smaller network, or a board with more flash");
  }
}

}  // namespace

std::string project_name(const std::string& asked, const std::string& model) {
  std::string name = asked;
  if (name.empty()) {
    name = std::filesystem::path(model).stem().string();
    if (model.starts_with("zoo:")) name = model.substr(4);
    for (char& c : name) {
      if (c == '-' || c == '.') c = '_';
    }
  }
  // Names of targets and folders of the projects themselves.
  static const std::set<std::string> taken = {
      "all", "app",   "boards", "build", "clean", "help",
      "run", "serve", "shoal",  "size",  "src",   "test"};
  if (taken.contains(name)) {
    if (asked.empty()) return name + "_net";
    throw Error(Exit::kUsage,
                "--name " + name + " is a name that the project itself uses",
                "give --name " + name + "_net");
  }
  if (is_plain_name(name)) return name;
  std::string plain;
  for (const char c : name) {
    if (is_word(c)) plain += c;
  }
  if (plain.empty() || !std::isalpha(static_cast<unsigned char>(plain[0]))) {
    plain = "net" + plain;
  }
  throw Error(
      Exit::kUsage,
      "'" + printable(name) +
          "' is not a valid project name: letters, digits and _, at most 48, "
          "a letter first",
      "--name " + plain.substr(0, kMostNameBytes));
}

void check_network_name(const std::string& name, const std::string& flag) {
  if (is_plain_name(name)) return;
  throw Error(Exit::kUsage,
              flag + ": '" + printable(name) +
                  "' is not a valid name of a network: letters, digits and _, "
                  "at most 48, a letter first",
              flag + " net=...");
}

ExportedNetwork make_network(const Prepared& p, const Board& board,
                             std::span<const uint8_t> input,
                             const HeadWish& head) {
  check_program(p.net, p.plan.nodes.at(0));
  ExportedNetwork n;
  n.image = p.images[0];
  n.arena_bytes = p.plan.nodes[0].arena_bytes;
  const NodeRows rows = input_rows(p.graph, p.net, input);
  TestRun test(n.image, n.arena_bytes);
  n.variable_bytes = test.variable_bytes();
  const NodeRows outputs = test.run(rows);
  n.test_input = joined(rows);
  n.test_output = joined(outputs);
  n.inputs = rows.size();
  n.outputs = outputs.size();
  StoreInfo ends;
  set_ends(ends, p.graph, p.net);
  ends.layers = layer_names(p.net);
  ends.layer_us = model_times(p.net, p.plan.nodes[0], board);
  n.layers = ends.layer_us.size();
  n.description = format_ends(ends);
  if (!p.net.inputs.empty()) {
    n.first_input = quantization_of(p.graph, p.net.inputs[0]);
  }
  const NetIo& first = p.net.outputs.at(0);
  n.first_output = quantization_of(p.graph, first);
  n.classes = n.outputs == 1 && outputs[0].size() > 1 &&
              first.place.view.box.rows() == 1 &&
              first.place.view.box.columns() == 1 &&
              node_bytes(p.graph, first) == 1 &&
              first.conversion != Conversion::kNumber &&
              first.conversion != Conversion::kPlace &&
              first.conversion != Conversion::kDigits;
  n.head = head_outputs(p.graph, p.net, head);
  return n;
}

ExportedNetwork make_member(const Prepared& p, size_t node) {
  const PlanNode& of = p.plan.nodes.at(node);
  check_program(p.net, of);
  ExportedNetwork n;
  n.image = p.images.at(node);
  n.arena_bytes = of.arena_bytes;
  return n;
}

int64_t node_bytes_on_board() {
  constexpr int64_t kPointer = 4;
  return 8 * (SHOAL_NODE_WORDS + 11 * kPointer);
}

int64_t slot_node_bytes_on_board() {
  constexpr int64_t kPrograms = 1024;  // AlonePrograms
  return 2 * node_bytes_on_board() + kPrograms;
}

size_t timed_layers(size_t layers, bool slots) {
  constexpr size_t kMost = 256,
                   kSent = 64;  // KB of RAM would be a board's arena
  return std::min(std::max(layers, slots ? kSent : 0), kMost);
}

int64_t Application::image_bytes() const {
  int64_t sum = 0;
  for (const auto& n : networks) sum += static_cast<int64_t>(n.image.size());
  return sum;
}

uint32_t Application::arena_bytes() const {
  uint32_t most = least_arena;
  for (const auto& n : networks) most = std::max(most, n.arena_bytes);
  return most;
}

uint32_t Application::kept_bytes() const {
  uint32_t sum = 0;
  for (const auto& n : networks) sum += n.variable_bytes;
  return networks.size() > 1 || slot_bytes > 0 ? sum : 0;
}

uint32_t Application::head_bytes() const {
  return member ? 0 : networks[0].head.bytes();
}

size_t Application::timed_layers() const {
  size_t most = 0;
  for (const auto& n : networks) most = std::max(most, n.layers);
  return shoal::timed_layers(most, slot_bytes > 0);
}

std::string Application::model_names() const {
  std::string names;
  for (const auto& n : networks) names += (names.empty() ? "" : ", ") + n.model;
  return names;
}

}  // namespace shoal

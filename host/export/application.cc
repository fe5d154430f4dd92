#include "host/export/application.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <memory>
#include <set>
#include <utility>

#include "device/shoal.h"
#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/engine/common/fenced_arena.h"
#include "host/engine/common/frame.h"
#include "host/program/store/store_info.h"

namespace shoal {
namespace {

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

// Refuses a program that needs what a bare board does not have.
void check_program(const PlanNode& node) {
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
  const bool good = !name.empty() && name.size() <= 48 &&
                    std::ranges::all_of(name, is_word) &&
                    std::isalpha(static_cast<unsigned char>(name[0]));
  if (good) return name;
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
      "--name " + plain.substr(0, 48));
}

Application make_application(const Prepared& p, const Board& board,
                             std::span<const uint8_t> input) {
  check_program(p.plan.nodes.at(0));
  Application a;
  a.board = board;
  a.image = p.images[0];
  a.arena_bytes = p.plan.nodes[0].arena_bytes;
  const NodeRows rows = input_rows(p.graph, p.net, input);
  const NodeRows outputs = TestRun(a.image, a.arena_bytes).run(rows);
  a.test_input = joined(rows);
  a.test_output = joined(outputs);
  a.inputs = rows.size();
  a.outputs = outputs.size();
  StoreInfo ends;
  set_ends(ends, p.graph, p.net);
  a.description = format_ends(ends);
  if (!p.net.inputs.empty()) {
    a.first_input = quantization_of(p.graph, p.net.inputs[0]);
  }
  const NetIo& first = p.net.outputs.at(0);
  a.first_output = quantization_of(p.graph, first);
  a.classes = a.outputs == 1 && outputs[0].size() > 1 &&
              first.place.view.box.rows() == 1 &&
              first.place.view.box.columns() == 1 &&
              node_bytes(p.graph, first) == 1 &&
              first.conversion != Conversion::kNumber &&
              first.conversion != Conversion::kPlace;
  return a;
}

Application make_member(const Prepared& p, size_t node, const Board& board,
                        ClusterMember member) {
  const PlanNode& of = p.plan.nodes.at(node);
  check_program(of);
  Application a;
  a.board = board;
  a.image = p.images.at(node);
  a.arena_bytes = of.arena_bytes;
  a.member = std::move(member);
  a.member->peers = of.peers.size();
  return a;
}

}  // namespace shoal

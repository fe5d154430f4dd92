#include <filesystem>
#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/size.h"
#include "host/cli/asked.h"
#include "host/cli/common.h"
#include "host/cli/file_names.h"
#include "host/cli/output.h"
#include "host/cli/store_flags.h"
#include "host/engine/board/storage_image.h"
#include "host/engine/common/prepare.h"
#include "host/export/layouts.h"
#include "host/model/import/import.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

struct Part {
  const char* name;
  uint32_t offset, bytes;
};

std::vector<Part> parts_of(const std::vector<uint8_t>& image) {
  const Directory d = directory_of(image);
  return {{"directory", 0, static_cast<uint32_t>(sizeof d)},
          {"program", d.program, d.image_bytes},
          {"input", d.input, d.input_bytes}};
}

void print_json(const fs::path& file, const std::vector<uint8_t>& image,
                const Prepared& p) {
  nlohmann::json json{{"file", file.string()},
                      {"board", p.plan.nodes[0].board},
                      {"bytes", image.size()},
                      {"arena_bytes", p.plan.nodes[0].arena_bytes},
                      {"parts", nlohmann::json::array()}};
  for (const Part& part : parts_of(image)) {
    json["parts"].push_back(
        {{"name", part.name}, {"offset", part.offset}, {"bytes", part.bytes}});
  }
  say_json(json);
}

void print_text(const fs::path& file, const std::vector<uint8_t>& image,
                const Prepared& p) {
  say("%s: storage of board %s, %s; the rest is erased\n",
      file.string().c_str(), p.plan.nodes[0].board.c_str(),
      format_bytes(static_cast<int64_t>(image.size())).c_str());
  for (const Part& part : parts_of(image)) {
    say("  0x%08x  %8u B  %s\n", part.offset, part.bytes, part.name);
  }
  say("the program needs an arena of %s\n",
      format_bytes(p.plan.nodes[0].arena_bytes).c_str());
}

// Firmware that holds no model and reads a storage is for boards in QEMU; other
// boards get projects.
void explain_export(const Board& board) {
  if (board.emulator || board.unlimited()) return;
  std::string known, ecosystems;
  for (const std::string& id : board_ids()) {
    const Board& b = find_board(id);
    if (!b.emulator || b.emulator->storage_bytes == 0) continue;
    known += (known.empty() ? "" : ", ") + id;
  }
  for (const std::string& name : ecosystems_of(board.name)) {
    ecosystems += (ecosystems.empty() ? "" : "|") + name;
  }
  throw Error(Exit::kUsage,
              "board " + board.name +
                  " is built with its own tools, from a project that `shoal "
                  "export` writes",
              "shoal export MODEL --board " + board.name + " --as " +
                  ecosystems + " -o DIR; storage images are for " + known);
}

}  // namespace

int build_command(const BuildFlags& flags) {
  if (flags.folder.empty()) {
    if (flags.plan.storage.store.empty()) {
      throw Error(Exit::kUsage, "neither --store nor -o says where to write",
                  "add --store DIR, or -o DIR for an emulated board");
    }
    return build_stores(flags);
  }
  require_flags(EngineKind::kBoard, flags.plan);
  explain_export(find_board(flags.plan.board));
  const PlanRequest request = emulated_request(flags.plan);
  const Board& board = request.node().board;
  Graph graph = load_model(flags.model, flags.ends);
  make_folder(flags.folder);
  const fs::path file = fs::path(flags.folder) / "storage.img";
  check_files({{"MODEL", flags.model}, {"INPUT", flags.input}},
              {{"--output", file.string()}});
  std::vector<uint8_t> input;
  if (!flags.input.empty()) {
    input = load_input(graph, flags.input, input_options(flags.pictures));
  }
  const Prepared p = prepare(std::move(graph), request);
  std::vector<std::vector<uint8_t>> frames;
  if (!flags.input.empty()) {
    frames.push_back(frame_rows(p.graph, p.net, input));
  }
  const std::vector<uint8_t> image = storage_image(
      board.name, p.images[0], frames, board.emulator->storage_bytes);
  write_file(file.string(), image);
  if (flags.json) {
    print_json(file, image, p);
  } else {
    print_text(file, image, p);
  }
  return 0;
}

}  // namespace shoal

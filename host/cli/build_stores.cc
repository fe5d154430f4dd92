#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/cli/classes.h"
#include "host/cli/common.h"
#include "host/cli/output.h"
#include "host/cli/store_flags.h"
#include "host/engine/common/prepare.h"
#include "host/model/import/import.h"

namespace shoal {
namespace {

void print_stores(const std::string& folder, const StoreInfo& info) {
  say("%s: stores of %s, %s\n", folder.c_str(), info.graph.name.c_str(),
      info.sealed ? "sealed" : "not sealed");
  for (const StoredNode& n : info.nodes) {
    say("  %s.store  %s%s, an arena of %s\n", n.file.c_str(),
        format_bytes(n.store_bytes).c_str(),
        n.mapped ? (" and " + n.file + ".program").c_str() : "",
        format_bytes(n.arena_bytes).c_str());
  }
}

void print_stores_json(const std::string& folder, const StoreInfo& info) {
  nlohmann::json json{{"store", folder},
                      {"model", info.graph.name},
                      {"sealed", info.sealed},
                      {"generation", hex_number(info.generation)},
                      {"nodes", nlohmann::json::array()}};
  for (const StoredNode& n : info.nodes) {
    json["nodes"].push_back(
        {{"name", n.name},
         {"file", n.file},
         {"board", n.board},
         {"arena_bytes", n.arena_bytes},
         {"store_bytes", n.store_bytes},
         {"storage_read_bytes", n.storage_read_bytes},
         {"storage_written_bytes", n.storage_written_bytes}});
  }
  say_json(json);
}

}  // namespace

int build_stores(const BuildFlags& flags) {
  if (!flags.input.empty()) {
    throw Error(Exit::kUsage, "a store holds no input",
                "leave INPUT out, or -o DIR for an emulated board's storage");
  }
  LoadedModel model = load_whole_model(flags.model, flags.ends);
  const Prepared p =
      prepare(std::move(model.graph), plan_request(flags.plan), Images::kNone);
  const std::optional<StoreInfo> info = keep_stores(
      flags.plan, "build", p, model.detection, read_labels(flags.labels));
  if (flags.json) {
    print_stores_json(flags.plan.storage.store, *info);
  } else {
    print_stores(flags.plan.storage.store, *info);
  }
  return 0;
}

}  // namespace shoal

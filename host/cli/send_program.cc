#include "host/cli/send_program.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/base/units.h"
#include "host/cli/classes.h"
#include "host/cli/common.h"
#include "host/cli/export_project.h"
#include "host/cli/file_names.h"
#include "host/cli/output.h"
#include "host/cli/progress.h"
#include "host/cli/run_inputs.h"
#include "host/engine/alone/alone_engine.h"
#include "host/engine/common/prepare.h"
#include "host/engine/workers/key_file.h"
#include "host/export/sent_program.h"
#include "host/model/import/import.h"

namespace shoal {
namespace {

// A program that is to be sealed goes to no board that would take it in the
// clear.
void check_key(bool is_sealed, const alone::ProgramRoom& room,
               const std::string& device) {
  if (is_sealed == (room.count > 0)) return;
  if (!is_sealed) {
    throw Error(Exit::kUsage, device + " takes only sealed programs",
                "add --key FILE, the key with which it was exported");
  }
  throw Error(Exit::kUsage, device + " has no key for sealed programs",
              "export the project with --slots SIZE --key FILE, and flash it; "
              "or leave out --key");
}

// Returns the request for a plan within the board's arena, all weights in
// flash.
PlanRequest request_for(const AloneFacts& board,
                        const alone::ProgramRoom& room) {
  PlanFlags flags;
  flags.board = board.board;
  flags.ram = std::to_string(room.arena_bytes);
  PlanRequest request = plan_request(flags);
  hold_in_flash(request.node());
  request.node().ram_source = "the arena of the board";
  if (!(room.flags & alone::ProgramRoom::kTwoCores)) {
    use_one_core(request.node());
  }
  return request;
}

void check_flags(const SendFlags& f) {
  const std::pair<const char*, bool> others[] = {
      {"INPUT", !f.run.inputs.empty()},
      {"--compare", !f.compare.empty()},
      {"--profile", f.profile},
      {"--self-test", f.self_test}};
  for (const auto& [flag, is_given] : others) {
    if (!is_given) continue;
    throw Error(Exit::kUsage,
                std::string("--program sends no inputs, but there is ") + flag,
                std::string("leave it out, and give it to a `shoal send` of "
                            "its own"));
  }
}

}  // namespace

int send_program_command(const SendFlags& flags) {
  check_flags(flags);
  check_files({{"--program", flags.program},
               {"--labels", flags.run.results.labels},
               {"--key", flags.key}},
              {});
  std::optional<SharedKey> key;
  if (!flags.key.empty()) key = read_key_file(flags.key);
  const std::string name = project_name(flags.name, flags.program);
  Graph graph = load_model(flags.program, {});
  AloneEngine board(
      open_alone_line(flags.device, flags.baud), flags.device, flags.network,
      flags.run.cluster.node_timeout.value_or(flags.run.cluster.usual_timeout));
  const AloneFacts& facts = board.facts();
  for (size_t n = 0; n < facts.networks.size(); ++n) {
    if (n == facts.network || facts.networks[n] != name) continue;
    throw Error(Exit::kUsage,
                flags.device + " has another network '" + name + "'",
                "--network " + name + " to replace that one, or --name");
  }
  const alone::ProgramRoom room = board.client().read_room(facts);
  check_key(key.has_value(), room, flags.device);
  // Any input does: what the board gives for it is not tested.
  const std::vector<uint8_t> input =
      load_input(graph, "random:1", input_options(flags.run.pictures));
  const PlanRequest request = request_for(facts, room);
  const Prepared p = prepare(std::move(graph), request);
  ExportedNetwork network = make_network(p, request.node().board, input);
  network.name = name;
  network.labels = read_labels(flags.run.results.labels);
  if (network.labels.empty()) network.labels = model_labels(flags.program);
  const std::vector<uint8_t> program =
      sent_program(network, needs_of(p.net, p.plan.nodes[0]), room, facts.board,
                   flags.device);
  Progress progress("bytes");
  const AloneClient::Transfer done = board.client().send_program(
      program, [&](uint32_t sent, uint32_t of) { progress.say(sent, of); }, key,
      room.count);
  const double seconds = progress.end();
  const auto bytes = static_cast<int64_t>(program.size());
  if (flags.run.json) {
    say_json({{"board", facts.board},
              {"network", name},
              {"replaced", facts.networks[facts.network]},
              {"program_bytes", bytes},
              {"sealed", key.has_value()},
              {"kept_bytes", done.kept},
              {"arena_bytes", network.arena_bytes},
              {"seconds", seconds},
              {"repeats", board.client().repeats()}});
    return 0;
  }
  say("%s: %s is in the place of %s, also after a restart\n",
      flags.device.c_str(), name.c_str(),
      facts.networks[facts.network].c_str());
  say("  program  %s, %s of them were there%s\n", format_bytes(bytes).c_str(),
      format_bytes(done.kept).c_str(), key ? "; sealed on its way" : "");
  say("  arena    %s of %s\n", format_bytes(network.arena_bytes).c_str(),
      format_bytes(room.arena_bytes).c_str());
  say("  sent in  %s\n", format_time(seconds).c_str());
  return 0;
}

}  // namespace shoal

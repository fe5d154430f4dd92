#include "host/cli/send_profile.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "host/base/units.h"
#include "host/cli/output.h"

namespace shoal {
namespace {

struct LayerRow {
  size_t layer = 0;
  std::string name;
  double ticks = 0, board_s = 0;
  std::optional<double> model_s;
  bool overflows = false;
};

// The steps' time that is no layer's: of stages that begin, of layers that the
// board has no numbers for.
struct Measured {
  std::vector<LayerRow> layers;
  double steps_s = 0, rest_s = 0, model_s = 0;
};

Measured measured(const AloneEngine& board) {
  const AloneEngine::Profile& p = board.profile();
  const auto frames = static_cast<double>(std::max<int64_t>(p.frames, 1));
  const double tick_s = p.tick_s();
  Measured m;
  m.steps_s = m.rest_s = p.ticks * tick_s / frames;
  const size_t count = board.layers().empty()
                           ? p.layers.size()
                           : std::min(p.layers.size(), board.layers().size());
  for (size_t l = 0; l < count; ++l) {
    LayerRow row;
    row.layer = l;
    if (l < board.layers().size()) row.name = board.layers()[l];
    row.ticks = p.layers[l] / frames;
    row.board_s = row.ticks * tick_s;
    if (l < board.model_us().size()) row.model_s = board.model_us()[l] / 1e6;
    row.overflows = p.overflows[l];
    m.rest_s -= row.board_s;
    m.layers.push_back(std::move(row));
  }
  for (const double us : board.model_us()) m.model_s += us / 1e6;
  m.rest_s = std::max(m.rest_s, 0.0);
  return m;
}

std::string share_text(double part, double of) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f %%", of > 0 ? 100 * part / of : 0.0);
  return text;
}

std::string ratio_text(double board_s, double model_s) {
  if (model_s <= 0) return "";
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", board_s / model_s);
  return text;
}

}  // namespace

nlohmann::json profile_json(const AloneEngine& board) {
  const AloneEngine::Profile& p = board.profile();
  const Measured m = measured(board);
  nlohmann::json layers = nlohmann::json::array();
  for (const LayerRow& row : m.layers) {
    nlohmann::json one = {{"layer", row.layer},
                          {"name", row.name},
                          {"ticks", row.ticks},
                          {"board_s", row.board_s}};
    if (row.model_s) one["model_s"] = *row.model_s;
    if (row.overflows) one["overflows"] = true;
    layers.push_back(std::move(one));
  }
  return {{"counter", p.counter},   {"counter_hz", p.counter_hz},
          {"frames", p.frames},     {"steps_s", m.steps_s},
          {"no_layer_s", m.rest_s}, {"model_s", m.model_s},
          {"layers", layers}};
}

void say_profile(const AloneEngine& board) {
  const AloneEngine::Profile& p = board.profile();
  const Measured m = measured(board);
  if (p.tick_s() == 0) {
    say("profile  the board's counter or its clock stands still\n");
    return;
  }
  say("profile  %s a frame by %s, the time model says %s\n",
      format_time(m.steps_s).c_str(), p.counter.c_str(),
      format_time(m.model_s).c_str());
  TextTable table({{"layer"},
                   {"name", Align::kLeft},
                   {"board"},
                   {"share"},
                   {"model"},
                   {"ratio"}},
                  2);
  for (const LayerRow& row : m.layers) {
    table.add({std::to_string(row.layer), row.name,
               (row.overflows ? ">= " : "") + format_time(row.board_s),
               share_text(row.board_s, m.steps_s),
               row.model_s ? format_time(*row.model_s) : "",
               row.model_s ? ratio_text(row.board_s, *row.model_s) : ""});
  }
  if (m.rest_s > 0) {
    table.add({"", "no layer", format_time(m.rest_s),
               share_text(m.rest_s, m.steps_s)});
  }
  say_table(table);
}

}  // namespace shoal

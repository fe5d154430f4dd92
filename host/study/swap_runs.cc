// One real frame of each network beside its plan, and the paper's concerns.
#include <fmt/format.h>

#include <algorithm>

#include "host/study/swap_asker.h"

namespace shoal {
namespace {

// Returns the asked-for RAM if the network fits there, else the next that does.
const SwapPoint* run_of(SwapAsker& asker, const std::string& name,
                        SwapSetting& setting) {
  const int64_t ram = asker.ram_for(name);
  if (ram == 0) return nullptr;
  setting = asker.at(name, asker.board(), ram, asker.storage());
  setting.run = true;
  return asker.find(setting);
}

}  // namespace

Question runs_question(SwapAsker& asker) {
  Question q;
  q.id = "runs";
  q.title = "Do the plans hold?";
  q.text = fmt::format(
      "One frame of each network, run: the real runtime in its arena, every "
      "weight read from the storage image, on {} with {} in virtual time. The "
      "output is compared byte by byte with the plain interpreter's.",
      asker.board(), asker.storage());
  Chart chart = table_chart("One frame, run",
                            {{"network", ""},
                             {"RAM", "KB"},
                             {"planned", "s", Origin::kModelled, 4},
                             simulated_column("run", "s", 4),
                             simulated_column("run against plan", "%", 2),
                             simulated_column("read", "MB", 2),
                             simulated_column("written", "B", 0),
                             simulated_column("waits for storage", "", 0),
                             {"output", "", Origin::kSimulated}});
  for (const std::string& name : asker.options().networks) {
    SwapSetting s;
    const SwapPoint* const p = run_of(asker, name, s);
    if (p == nullptr) continue;
    chart.table.rows.push_back(
        {name, kilobytes(s.ram), p->planned_s, p->seconds,
         100 * (p->seconds / p->planned_s - 1), megabytes(p->load.read_bytes),
         static_cast<double>(p->load.written_bytes),
         static_cast<double>(p->waits), p->is_equal ? "equal" : "DIFFERS"});
  }
  q.charts = {chart};
  q.notes = asker.take_notes();
  return q;
}

Question concerns_question(SwapAsker& asker) {
  Question q;
  q.id = "paper";
  q.title = "What did the paper find?";
  const SwapPaper& paper = asker.paper();
  q.text = fmt::format(
      "{}: {}. It gives no figures, and no other part of the paper could be "
      "verified here, so none are quoted.",
      paper.source, paper.finding);
  Chart chart = table_chart("Its concerns, and where they are answered here",
                            {{"concern", "", Origin::kQuoted},
                             {"finding", "", Origin::kQuoted},
                             {"question of this study", ""}});
  for (const SwapPaper::Concern& c : paper.concerns) {
    chart.table.rows.push_back({c.name, paper.finding, c.question});
  }
  q.charts = {chart};
  return q;
}

}  // namespace shoal

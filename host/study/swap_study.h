// The swapping paper's questions, asked of the zoo's networks: does it fit,
// slowdown, bytes, wear, energy, encryption, and how far each plan is from
// what its arithmetic and its storage allow.
#pragma once

#include <string>
#include <vector>

#include "host/study/points.h"
#include "host/study/study_result.h"
#include "host/study/swap_paper.h"
#include "host/study/swap_point.h"

namespace shoal {

struct SwapStudyOptions {
  std::vector<std::string> networks;  // of the zoo
  std::vector<std::string> boards, storages;
  std::vector<int64_t> rams;  // of the arena, ascending
  double period_s = 600;      // a frame every so often
  bool full = false;          // encryption at every RAM and on every board
  bool runs = true;           // one real frame of each network
  std::string command;        // the line that makes this study
  int threads = 1;
};
// Returns the networks, boards, storages and RAM of a study for which none were
// named.
SwapStudyOptions default_swap_study(bool full);
// Throws Error(kUsage) for names and sizes that there are not, and for what
// is there twice.
void check_swap_study(const SwapStudyOptions&);

using SwapPoints = PointsOf<SwapSetting, SwapPoint>;

StudyResult swap_study(const SwapStudyOptions&, const SwapPaper&, SwapNetworks&,
                       SwapPoints&, const SwapPoints::Progress&);

}  // namespace shoal

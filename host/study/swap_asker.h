// Helpers that the questions of a swap study share: points by network, board,
// RAM and storage, slowdown against unlimited SRAM, and charts over RAM.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/study/swap_study.h"

namespace shoal {

class SwapAsker : public PointFinder<SwapSetting, SwapPoint> {
 public:
  SwapAsker(const SwapStudyOptions&, const SwapPaper&, SwapNetworks&,
            SwapPoints&);

  const SwapStudyOptions& options() const { return options_; }
  const SwapPaper& paper() const { return paper_; }
  const SwapNetworks::Network& network(const std::string& name) {
    return networks_.find(name);
  }

  // Where figures of one setting are asked for: the first board, 512 KB and
  // SD 4-bit, if they are among those of the study.
  const std::string& board() const { return options_.boards.front(); }
  const std::string& storage() const { return storage_; }
  int64_t ram() const { return ram_; }

  SwapSetting at(const std::string& network, const std::string& board,
                 int64_t ram, const std::string& storage) const;
  // Returns ram(), or the next size in which the network fits without writes;
  // 0: none (yet).
  int64_t ram_for(const std::string& network);
  // Returns each network in that, or in every RAM of the study, on each board
  // with each storage.
  std::vector<SwapSetting> settings(bool every_ram);
  // Returns the point with the least RAM in which the network runs without
  // writes.
  const SwapPoint* least(const std::string& network);

  // Null if there is none (yet). RAM that cannot do without writes is not
  // tried without.
  const SwapPoint* find(const SwapSetting&);
  // Returns the same board with everything in SRAM.
  const SwapPoint* unlimited(const SwapSetting&);
  // Returns how many times as long the setting takes as unlimited(); none: one
  // of both is missing.
  std::optional<double> slowdown(const SwapSetting&);

 private:
  const SwapStudyOptions& options_;
  const SwapPaper& paper_;
  SwapNetworks& networks_;
  std::string storage_;
  int64_t ram_ = 0;
};

inline double kilobytes(int64_t bytes) {
  return static_cast<double>(bytes) / 1024;
}
inline double megabytes(int64_t bytes) {
  return static_cast<double>(bytes) * 1e-6;
}

inline Column modelled_column(const char* name, const char* unit, int decimals,
                              int style = -1) {
  return {name, unit, Origin::kModelled, decimals, style};
}
inline Column simulated_column(const char* name, const char* unit,
                               int decimals) {
  return {name, unit, Origin::kSimulated, decimals};
}

// Returns the columns of a table whose rows are one setting each, and a row's
// cells.
std::vector<Column> setting_columns(const std::vector<Column>& others);
Row setting_row(const SwapSetting&, const Row& others);

// Times of the stages that are mostly fully connected, or of the others. Layers
// of the other kind in such a stage are subtracted: convolutions with their
// arithmetic, fully connected layers at the storage's full rate if that takes
// longer.
struct SwapTimes {
  double seconds = 0;
  double unlimited_s = 0;  // of the same layers with everything in SRAM
  double stages_s = 0, bound_s = 0;  // with the other kind
  int64_t read_bytes = 0;
  double rate() const { return static_cast<double>(read_bytes) / seconds; }
  // Returns the slowdown in percent.
  double slower() const { return 100 * (seconds / unlimited_s - 1); }
};
SwapTimes times_of(const SwapPoint&, const SwapPoint& unlimited, const Storage&,
                   bool is_dense);

// A value of a point against RAM, one line a network.
struct RamChart {
  std::string title, unit, y_label;
  int decimals = 2;
  bool log_y = true;
  std::function<std::optional<double>(const SwapSetting&)> value;
};
Chart over_ram(SwapAsker&, const std::string& board, const std::string& storage,
               const RamChart&);

Question fit_question(SwapAsker&);
Question slowdown_question(SwapAsker&);
Question bytes_question(SwapAsker&);
Question wear_question(SwapAsker&);
Question energy_question(SwapAsker&);
Question encryption_question(SwapAsker&);
Question roofline_question(SwapAsker&);
Question runs_question(SwapAsker&);
Question concerns_question(SwapAsker&);

}  // namespace shoal

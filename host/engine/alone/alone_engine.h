// A board that runs alone as an engine: frames go to it and come back over its
// line. The model is what the board says of itself.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/engine/alone/client.h"
#include "host/engine/alone/line.h"
#include "host/engine/engine.h"
#include "host/program/store/store_info.h"

namespace shoal {

class AloneEngine final : public Engine {
 public:
  // Asks the board what it is. `where`: its name for messages; `network`: of
  // its networks (empty: the first). Throws as
  // AloneClient::read_facts() does, and Error(kCorrupt) for a description that
  // is not the program's.
  AloneEngine(AloneLine line, const std::string& where,
              const std::string& network, double most_silence_s);

  const AloneFacts& facts() const { return facts_; }
  const std::vector<std::string>& labels() const { return labels_; }
  AloneClient& client() { return client_; }

  const Graph& graph() const override { return info_.graph; }
  void stream(const Next& next, const Take& take) override;
  bool keeps_variables() const override { return facts_.variables; }
  EngineReport report() const override;

  // Returns the seconds of all frames by the board's clock.
  double board_s() const { return static_cast<double>(board_us_) / 1e6; }

  // From now on frames are measured by layers. Throws Error(kUnsupported) if
  // the board cannot.
  void measure();
  // The sums of all measured frames.
  struct Profile {
    std::string counter;
    double counter_hz = 0;  // 0: cycles of the CPU
    double ticks = 0, s = 0;
    std::vector<double> layers;   // ticks
    std::vector<bool> overflows;  // the board's counts of layers
    int64_t frames = 0;
    // Returns the seconds of a tick; 0: the counter or the clock stands still.
    double tick_s() const;
  };
  const Profile& profile() const { return profile_; }
  // Names of layers and the seconds that the time model gives them; empty: the
  // board was exported without.
  const std::vector<std::string>& layers() const { return info_.layers; }
  const std::vector<double>& model_us() const { return info_.layer_us; }

 private:
  void check_ends();
  void add_times();

  const AloneLine line_;
  const std::string where_;
  AloneClient client_;
  const AloneFacts facts_;
  const StoreInfo info_;
  std::vector<std::string> labels_;
  std::vector<size_t> output_bytes_;
  int64_t frames_ = 0;
  double seconds_ = 0;
  uint64_t board_us_ = 0;
  bool measures_ = false;
  Profile profile_;
};

}  // namespace shoal

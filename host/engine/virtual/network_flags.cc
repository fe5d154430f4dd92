#include "host/engine/virtual/network_flags.h"

#include <algorithm>
#include <charconv>

#include "host/base/error.h"
#include "host/base/units.h"

namespace shoal {
namespace {

// "1@5ms".
void set_lost_node(const std::string& text, SimOptions& options) {
  int node = -1;
  const size_t at = std::min(text.find('@'), text.size());
  const char* const end = text.data() + at;
  const auto [rest, error] = std::from_chars(text.data(), end, node);
  if (error != std::errc() || rest != end || node < 0 || at == text.size()) {
    throw Error(Exit::kUsage,
                "--power-loss: '" + text +
                    "' is not NODE@TIME, such as 1@5ms; nodes count from 0");
  }
  options.lost_node = node;
  options.lost_after = parse_duration(text.substr(at + 1), "--power-loss");
}

}  // namespace

void apply(const NetworkFlags& flags, SimOptions& options) {
  NetworkOptions& n = options.network;
  if (flags.seed) n.seed = *flags.seed;
  if (!flags.loss.empty()) n.loss = parse_probability(flags.loss, "--loss");
  if (!flags.duplicate.empty()) {
    n.duplicate = parse_probability(flags.duplicate, "--duplicate");
  }
  if (!flags.reorder.empty()) {
    n.reorder = parse_probability(flags.reorder, "--reorder");
  }
  if (!flags.jitter.empty()) {
    n.jitter = parse_duration(flags.jitter, "--jitter");
  }
  if (!flags.latency.empty()) {
    options.latency = parse_duration(flags.latency, "--latency");
  }
  if (!flags.rate.empty()) {
    options.bits_per_s = parse_rate(flags.rate, "--rate");
  }
  if (!flags.power_loss.empty()) set_lost_node(flags.power_loss, options);
  if (flags.framing) {
    options.framing_bytes = bytes_within(*flags.framing, 0, 1000, "--framing");
  }
  if (flags.network == "radio") {
    n.medium = Medium::kRadio;
  } else if (!flags.network.empty() && flags.network != "switch") {
    throw Error(Exit::kUsage, "--network: '" + flags.network + "' is unknown",
                "one of: switch, radio");
  }
}

}  // namespace shoal

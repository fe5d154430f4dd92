#include "host/cli/flag_table.h"

#include <iterator>
#include <string>

namespace shoal {
namespace {

constexpr const char* kModel = "Model";
constexpr const char* kCluster = "Cluster";
constexpr const char* kPlan = "Plan";
constexpr const char* kInput = "Input";
constexpr const char* kOutput = "Output";
constexpr const char* kSimulated = "Simulated network";
constexpr const char* kSecurity = "Security";
constexpr const char* kGeneral = "General";
constexpr const char* kSplit = "Split study";
constexpr const char* kSwap = "Swap study";

// Entries for some verbs stand before the one for the others. The order within
// a group is that of the definitions.
constexpr FlagStyle kStyles[] = {
    {"", "--outputs", kModel, "TENSOR", true},
    {"", "--inputs", kModel, "TENSOR", true},
    {"", "--input-shape", kModel, "NAME=SHAPE", true},
    {"", "--signature", kModel, "KEY", true},

    {"study", "--nodes", kSplit, "LIST", false},
    {"study", "--strategies", kSplit, "LIST", false},
    {"study", "--cuts", kSplit, "FILE", false},
    {"study", "--sizes", kSplit, "LIST", false},
    {"study", "--networks", kSwap, "LIST", false},
    {"study", "--storage", kSwap, "LIST", false},
    {"study", "--ram", kSwap, "LIST", false},
    {"study", "--every", kSwap, "SECONDS", false},
    {"study", "--full", kSwap, "", false},
    {"study", "--no-runs", kSwap, "", false},
    {"study", "--board", kPlan, "LIST", false},

    {"", "--nodes", kCluster, "N", false},
    {"", "--cluster", kCluster, "FILE", false},
    {"", "--node", kCluster, "NAME", false},
    {"", "--workers", kCluster, "LIST", false},
    {"worker", "--name", kCluster, "NAME", false},
    {"", "--baud", kCluster, "RATE", false},
    {"", "--listen", kCluster, "HOST:PORT", false},
    {"", "--serial", kCluster, "DEVICE", false},
    {"", "--leader", kCluster, "HOST:PORT", false},
    {"", "--serve", kCluster, "", false},
    {"emulate", "--state", kCluster, "DIR", true},
    {"simulate", "--state", kSimulated, "NAME", true},
    {"", "--state", kCluster, "NAME", true},
    {"", "--banks", kCluster, "one|all", true},
    {"", "--payload", kCluster, "BYTES", true},
    {"discover probe send", "--node-timeout", kCluster, "SECONDS", false},
    {"", "--node-timeout", kCluster, "SECONDS", true},
    {"run", "--on-loss", kCluster, "NAME", false},
    {"", "--on-loss", kCluster, "NAME", true},
    {"", "--spares", kCluster, "LIST", true},
    {"", "--take-over", kCluster, "", true},
    {"", "--replicas", kCluster, "", true},

    {"bench-node", "--core", kPlan, "NAME", false},
    {"", "--board", kPlan, "BOARD", false},
    {"", "--cores", kPlan, "N", true},
    {"", "--ram", kPlan, "SIZE", false},
    {"", "--strategy", kPlan, "NAME", false},
    {"", "--objective", kPlan, "NAME", false},
    {"run evaluate", "--cuts", kPlan, "FILE", true},
    {"", "--cuts", kPlan, "FILE", false},
    {"simulate evaluate", "--max-latency", kPlan, "TIME", true},
    {"", "--max-latency", kPlan, "TIME", false},
    {"", "--max-traffic", kPlan, "SIZE", true},
    {"simulate evaluate", "--max-arena", kPlan, "SIZE", true},
    {"", "--max-arena", kPlan, "SIZE", false},
    {"", "--plan-seconds", kPlan, "SECONDS", true},
    {"", "--plan-jobs", kPlan, "N", true},
    {"", "--effort", kPlan, "N", true},
    {"run", "--plan", kPlan, "FILE", false},
    {"", "--plan", kPlan, "FILE", true},
    {"", "--no-cache", kPlan, "", true},
    {"plan build export worker", "--flash", kPlan, "SIZE", false},
    {"", "--flash", kPlan, "SIZE", true},
    {"", "--storage", kPlan, "NAME", true},
    {"", "--max-writes", kPlan, "SIZE", true},
    {"", "--lifetime", kPlan, "TIME", true},
    {"", "--fps", kPlan, "RATE", true},
    {"", "--replay", kPlan, "", false},
    {"", "--batch", kPlan, "N", false},
    {"", "--store", kPlan, "DIR", false},

    {"", "--model", kModel, "NAME=MODEL", false},
    {"", "--also", kModel, "NAME=MODEL", false},
    {"", "--also-input", kInput, "NAME=INPUT", false},
    {"send", "--network", kInput, "NAME", false},
    {"send", "--program", kModel, "MODEL", false},
    {"send", "--name", kModel, "NAME", false},
    {"", "--slots", kModel, "SIZE", false},
    {"", "--all-operators", kModel, "", false},
    {"", "--http", kInput, "HOST:PORT", false},
    {"", "--http-cert", kSecurity, "FILE", true},
    {"", "--http-key", kSecurity, "FILE", true},
    {"watch", "--http-ca", kSecurity, "FILE", false},
    {"", "--frames-from", kInput, "FILE", false},
    {"", "--length-prefix", kInput, "", false},
    {"", "--watch-folder", kInput, "DIR", false},
    {"", "--mqtt", kInput, "HOST:PORT", false},
    {"", "--mqtt-in", kInput, "TOPIC", true},
    {"", "--mqtt-out", kInput, "TOPIC", true},
    {"", "--mqtt-login", kInput, "FILE", true},
    {"", "--mqtt-ca", kInput, "FILE", true},
    {"", "--mqtt-spool", kInput, "DIR", true},
    {"", "--queue", kInput, "N", true},
    {"", "--max-body", kInput, "SIZE", true},
    {"", "--connections", kInput, "N", true},
    {"", "--request-timeout", kInput, "SECONDS", true},
    {"watch", "--every", kOutput, "SECONDS", false},
    {"watch", "--count", kOutput, "N", false},
    {"", "--picture", kInput, "FILE", false},
    {"quantize", "--stream", kModel, "", false},
    {"", "--carry", kModel, "IN=OUT", false},
    {"plan", "--stream", kModel, "", true},
    {"", "--stream", kInput, "", false},
    {"", "--frames", kInput, "N", false},
    {"simulate deploy", "--every", kInput, "SECONDS", false},
    {"simulate", "--mean", kInput, "LIST", true},
    {"", "--mean", kInput, "LIST", false},
    {"simulate", "--std", kInput, "LIST", true},
    {"", "--std", kInput, "LIST", false},
    {"simulate", "--fit", kInput, "NAME", true},
    {"", "--fit", kInput, "NAME", false},
    {"", "--bin", kInput, "NAME", true},
    {"", "--golden", kInput, "DIR", false},
    {"", "--compare", kInput, "MODEL", false},
    {"", "--self-test", kInput, "", false},
    {"send", "--profile", kOutput, "", false},
    {"", "--calibrate", kInput, "DATA", false},
    {"", "--which", kInput, "NAME", false},
    {"", "--limit", kInput, "N", false},
    {"", "--truth", kInput, "PATH", false},
    {"", "--label-offset", kInput, "N", true},
    {"", "--evaluate", kInput, "DATA", false},
    {"", "--evaluate-which", kInput, "NAME", true},
    {"", "--evaluate-limit", kInput, "N", true},

    {"", "--activations", kModel, "TYPE", false},
    {"", "--ranges", kModel, "NAME", false},
    {"", "--percentile", kModel, "PERCENT", false},
    {"", "--equalize", kModel, "NAME", false},
    {"", "--no-bias-correction", kModel, "", false},
    {"", "--min-snr", kModel, "DB", false},

    {"export build study", "--output", kOutput, "DIR", false},
    {"", "--output", kOutput, "FILE", false},
    {"", "--output-dir", kOutput, "DIR", false},
    {"", "--as", kOutput, "TOOL", false},
    {"export", "--name", kOutput, "NAME", false},
    {"", "--also-labels", kOutput, "NAME=FILE", false},
    {"", "--labels", kOutput, "FILE", false},
    {"", "--top", kOutput, "N", false},
    {"", "--task", kOutput, "NAME", false},
    {"", "--head", kOutput, "NAME", true},
    {"", "--score", kOutput, "NUMBER", true},
    {"", "--overlap", kOutput, "NUMBER", true},
    {"", "--anchors", kOutput, "LIST", true},
    {"", "--trace", kOutput, "FILE", true},
    {"", "--pareto", kOutput, "FILE", false},
    {"run emulate evaluate", "--html", kOutput, "FILE", true},
    {"", "--html", kOutput, "FILE", false},
    {"", "--explain", kOutput, "", false},
    {"run emulate", "--timeline", kOutput, "FILE", true},
    {"", "--timeline", kOutput, "FILE", false},
    {"", "--model-explorer", kOutput, "DIR", false},
    {"", "--layers", kOutput, "", false},
    {"", "--public", kOutput, "FILE", false},
    {"", "--force", kOutput, "", false},
    {"", "--resume", kOutput, "FILE", false},

    {"simulate", "--loss", kSimulated, "PERCENT", false},
    {"simulate", "--duplicate", kSimulated, "PERCENT", false},
    {"simulate", "--reorder", kSimulated, "PERCENT", false},
    {"simulate", "--jitter", kSimulated, "TIME", false},
    {"simulate", "--rate", kSimulated, "RATE", false},
    {"simulate", "--latency", kSimulated, "TIME", false},
    {"simulate", "--network", kSimulated, "NAME", false},
    {"simulate", "--fault", kSimulated, "KIND:NODE@TIME[..TIME]", false},
    {"simulate", "--power-loss", kSimulated, "NODE@TIME", false},
    {"simulate", "--framing", kSimulated, "BYTES", false},
    {"simulate", "--seed", kSimulated, "N", false},
    {"", "--loss", kSimulated, "PERCENT", true},
    {"", "--duplicate", kSimulated, "PERCENT", true},
    {"", "--reorder", kSimulated, "PERCENT", true},
    {"", "--jitter", kSimulated, "TIME", true},
    {"", "--rate", kSimulated, "RATE", true},
    {"", "--latency", kSimulated, "TIME", true},
    {"", "--network", kSimulated, "NAME", true},
    {"", "--power-loss", kSimulated, "NODE@TIME", true},
    {"", "--framing", kSimulated, "BYTES", true},
    {"", "--seed", kSimulated, "N", true},

    {"", "--token", kSecurity, "FILE", false},
    {"", "--no-token", kSecurity, "", false},
    {"", "--key", kSecurity, "FILE", false},
    {"keygen", "--identity", kSecurity, "", false},
    {"worker", "--identity", kSecurity, "FILE", false},
    {"", "--identity", kSecurity, "FILE", true},
    {"", "--node-key", kSecurity, "LIST", true},
    {"", "--coordinator", kSecurity, "KEY", false},
    {"", "--insecure", kSecurity, "", false},
    {"", "--store-key", kSecurity, "FILE", true},
    {"", "--no-encrypt", kSecurity, "", true},

    {"", "--json", kGeneral, "", false},
    {"", "--wait", kGeneral, "SECONDS", true},
    {"", "--seconds", kGeneral, "SECONDS", false},
    {"", "--jobs", kGeneral, "N", false},
    {"", "--mpi", kGeneral, "", false},
    {"", "--timeout", kGeneral, "SECONDS", false},
    {"", "--wide", kGeneral, "", false},
    {"", "--quiet", kGeneral, "", false},
    {"", "--verbose", kGeneral, "", false},
    {"", "--no-config", kGeneral, "", false},
    {"", "--version", kGeneral, "", false},
    {"", "--help", kGeneral, "", false},
    {"", "--help-all", kGeneral, "", false},
};

bool has_word(std::string_view words, std::string_view word) {
  const std::string all = " " + std::string(words) + " ";
  return all.find(" " + std::string(word) + " ") != all.npos;
}

}  // namespace

const char* const kFlagGroups[] = {kModel,    kCluster, kPlan,   kSplit,
                                   kSwap,     kInput,   kOutput, kSimulated,
                                   kSecurity, kGeneral};
const int kFlagGroupCount = static_cast<int>(std::size(kFlagGroups));

const FlagStyle* find_flag_style(std::string_view verb, std::string_view name) {
  for (const FlagStyle& s : kStyles) {
    if (s.name != name) continue;
    if (*s.verbs == '\0' || has_word(s.verbs, verb)) return &s;
  }
  return nullptr;
}

}  // namespace shoal

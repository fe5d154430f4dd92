#include "host/export/sources.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>

#include "device/program/kinds.h"
#include "host/export/embedded.h"

namespace shoal {
namespace {

constexpr const char* kAllModules = "device/runtime/all_modules.cc";
constexpr const char* kTwoCores = "device/runtime/pair.cc";

// By OpCode, from 1 on: what fires it and computes it. What else of these
// files refers to other kernels is a function of its own, which the linker
// drops.
struct KindSources {
  const char* name;
  const char* fire;
  const char* kernels[5];
  const char* dsp[5] = {};  // instead, for cores with the DSP extension
  const char* mve[5] = {};  // and for those with Helium
};
constexpr KindSources kKinds[] = {
    {"kConv",
     "fire_window",
     {"best_conv", "conv", "dot", "window"},
     {"best_conv", "dsp_conv", "window"},
     {"best_conv", "mve_conv", "window"}},
    {"kDepthwise",
     "fire_window",
     {"best_depthwise", "depthwise", "window"},
     {"best_depthwise", "dsp_depthwise", "depthwise", "window"},
     {"best_depthwise", "mve_depthwise", "mve_depthwise_3x3", "depthwise",
      "window"}},
    {"kTransposeConv", "fire_window", {"transpose_conv", "dot", "window"}},
    {"kAveragePool", "fire_window", {"pool"}},
    {"kMaxPool", "fire_window", {"pool"}},
    {"kReduceSum", "fire_window", {"reduce"}},
    {"kReduceMax", "fire_window", {"reduce"}},
    {"kAdd", "fire_elements", {"binary"}, {}, {"binary", "mve_add"}},
    {"kMul", "fire_elements", {"binary"}, {}, {"binary", "mve_add"}},
    {"kMaximum", "fire_elements", {"binary"}},
    {"kMinimum", "fire_elements", {"binary"}},
    {"kPrelu", "fire_elements", {"binary"}},
    {"kLut", "fire_elements", {"element"}},
    {"kSoftmax", "fire_elements", {"softmax"}},
    {"kMove", "fire_move", {"move"}},
    {"kResize", "fire_move", {"move"}},
    {"kSpaceToDepth", "fire_move", {"move"}},
    {"kDepthToSpace", "fire_move", {"move"}},
    {"kTranspose", "fire_move", {}},
    {"kReshape", "fire_move", {}},
    {"kConstant", "fire_move", {}},
    {"kRequantize", "fire_elements", {"element"}},
    {"kDivide", "fire_elements", {"rare"}},
    {"kSquaredDifference", "fire_elements", {"rare"}},
    {"kLogSoftmax", "fire_elements", {"rare"}},
    {"kBilinear", "fire_move", {"move"}},
    {"kArgMax", "fire_elements", {"rare"}},
    {"kRunningSum", "fire_elements", {"rare"}},
    {"kMatmul",
     "fire_elements",
     {"matmul", "best_conv", "conv", "dot", "window"},
     {"matmul", "best_conv", "dsp_conv", "dot", "window"},
     {"matmul", "best_conv", "mve_conv", "dot", "window"}},
    {"kL2Norm", "fire_elements", {"rare"}},
    {"kProbability", "fire_elements", {"rare"}},
    {"kRescale", "fire_wide", {"wide_elements"}},
    {"kSigmoid", "fire_wide", {"wide_elements"}},
    {"kWideSoftmax", "fire_wide", {"wide_elements"}},
    {"kLstm", "fire_lstm", {"lstm", "dot"}},
    {"kCell",
     "fire_cell",
     {"cell", "dot", "binary"},
     {},
     {"cell", "dot", "binary", "mve_add"}},
};
static_assert(std::size(kKinds) == kActorKindCount, "a row for each OpCode");

bool lies_in(std::string_view name, std::string_view folder) {
  return name.starts_with(folder) && name.find('/', folder.size()) == name.npos;
}

bool is_source(std::string_view name) {
  return name.ends_with(".cc") || name.ends_with(".S");
}

std::vector<std::string> sources_in(const std::string& folder) {
  std::vector<std::string> all;
  for (const EmbeddedFile& file : embedded_files()) {
    if (is_source(file.name) && lies_in(file.name, folder)) {
      all.emplace_back(file.name);
    }
  }
  return all;
}

// Returns the files of `#include "..."` lines.
std::vector<std::string> includes_of(std::string_view text) {
  std::vector<std::string> all;
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    constexpr std::string_view kBegin = "#include \"";
    if (line.starts_with(kBegin)) {
      const size_t quote = line.find('"', kBegin.size());
      if (quote != line.npos) {
        all.emplace_back(line.substr(kBegin.size(), quote - kBegin.size()));
      }
    }
    at = end + 1;
  }
  return all;
}

}  // namespace

void Needs::add(const Needs& other) {
  kinds.insert(other.kinds.begin(), other.kinds.end());
  wide.insert(other.wide.begin(), other.wide.end());
  int4 |= other.int4;
}

Needs needs_of(const Net& net, const PlanNode& node) {
  Needs needs;
  for (const PlanStage& stage : node.stages) {
    for (const PlanActor& a : stage.actors) {
      const PlanPort& out = stage.ports[static_cast<size_t>(a.out)];
      if (a.copy) {
        const int width =
            stage.buffers[static_cast<size_t>(out.buffer)].element_bytes;
        (width == 2 ? needs.wide : needs.kinds).insert(OpCode::kMove);
        continue;
      }
      const Layer& layer = net.layers[static_cast<size_t>(a.layer)];
      (layer.is_wide ? needs.wide : needs.kinds).insert(layer.op);
      needs.int4 |= layer.weights.int4;
    }
  }
  return needs;
}

Needs needs_of_all() {
  Needs needs;
  for (size_t kind = 1; kind <= kActorKindCount; ++kind) {
    const auto op = static_cast<OpCode>(kind);
    if (!is_always_wide(op)) needs.kinds.insert(op);
    if (can_be_wide(op)) needs.wide.insert(op);
  }
  needs.int4 = true;
  return needs;
}

namespace {

// Adds those of the transport.
void add_link_sources(const Needs& needs, std::set<std::string>& all) {
  if (!needs.transport.empty()) {
    all.insert("device/transport/" + needs.transport + ".cc");
  }
  if (needs.transport == "serial_line") all.insert("device/transport/hdlc.cc");
  if (needs.transport == "bus_station") {
    all.insert("device/transport/bus_wire.cc");
    all.insert("device/transport/hdlc.cc");
  }
}

// Adds the sources that only nodes of clusters have.
void add_node_sources(const Needs& needs, std::set<std::string>& all) {
  all.insert("device/keys/hmac.cc");
  all.insert("device/base/crc32c.cc");
  std::vector<std::string> folders = {"device/agent/", "device/link/",
                                      "device/runtime/link/"};
  if (needs.ciphers) {
    folders.push_back(needs.bearssl ? "device/link/bearssl/"
                                    : "device/link/mbedtls/");
  }
  for (const std::string& folder : folders) {
    for (const std::string& name : sources_in(folder)) all.insert(name);
  }
}

}  // namespace

std::vector<std::string> runtime_sources(const Needs& needs) {
  std::set<std::string> all{"device/base/status.cc",
                            "device/base/word_sums.cc"};
  if (!needs.is_member) {  // app/shoal_serve.cpp
    for (const char* name :
         {"device/alone/frame.cc", "device/alone/networks.cc",
          "device/alone/said_text.cc", "device/alone/server.cc"}) {
      all.insert(name);
    }
  }
  add_link_sources(needs, all);
  if (needs.slots) {
    for (const char* name :
         {"device/alone/programs.cc", "device/base/crc32c.cc",
          "device/storage/program_slots.cc"}) {
      all.insert(name);
    }
  }
  if (needs.slots && needs.ciphers) {
    for (const char* name :
         {"device/keys/hmac.cc", "device/keys/program_key.cc",
          "device/link/mbedtls/chacha20_poly1305.cc"}) {
      all.insert(name);
    }
  }
  if (needs.int4) all.insert("device/kernels/int4.cc");
  if (needs.decoders) {
    for (const std::string& name : sources_in("device/decode/")) {
      all.insert(name);
    }
  }
  for (const std::string& name : sources_in("device/program/"))
    all.insert(name);
  for (const std::string& name : sources_in("device/runtime/")) {
    const bool by_kind = name.starts_with("device/runtime/fire_");
    const bool is_needed =
        name == kTwoCores ? needs.two_cores : name != kAllModules;
    if (!by_kind && is_needed) all.insert(name);
  }
  if (needs.is_member) add_node_sources(needs, all);
  const auto add = [&](OpCode kind) {
    const KindSources& of = kKinds[static_cast<size_t>(kind) - 1];
    all.insert(std::string("device/runtime/") + of.fire + ".cc");
    const auto& kernels = needs.mve && of.mve[0]   ? of.mve
                          : needs.dsp && of.dsp[0] ? of.dsp
                                                   : of.kernels;
    for (const char* kernel : kernels) {
      if (kernel) all.insert(std::string("device/kernels/") + kernel + ".cc");
    }
  };
  std::ranges::for_each(needs.kinds, add);
  // Those with a state have one file for both widths.
  for (const OpCode kind : needs.wide) {
    if (keeps_state(kind)) add(kind);
  }
  if (!needs.wide.empty()) {
    // Some wide kinds are those of bytes with two for each element.
    all.insert("device/runtime/fire_move.cc");
    all.insert("device/runtime/fire_wide.cc");
    for (const char* kernel :
         {"move", "best_wide_conv", "best_wide_depthwise", "wide_conv",
          "wide_depthwise", "wide_elements", "wide_pool"}) {
      all.insert(std::string("device/kernels/") + kernel + ".cc");
    }
    if (needs.dsp || needs.mve) {
      const std::string family = needs.mve ? "mve" : "dsp";
      for (const char* kernel : {"_wide_conv.cc", "_wide_depthwise.cc"}) {
        all.insert("device/kernels/" + family + kernel);
      }
    }
  }
  return {all.begin(), all.end()};
}

std::vector<std::string> all_runtime_sources() {
  std::vector<std::string> all;
  for (const char* folder :
       {"alone", "base", "decode", "kernels", "keys", "link", "program",
        "runtime", "runtime/link", "runtime/storage", "storage"}) {
    const auto some = sources_in(std::string("device/") + folder + "/");
    all.insert(all.end(), some.begin(), some.end());
  }
  for (const std::string& name : sources_in("device/agent/")) {
    all.push_back(name);
  }
  all.push_back("device/transport/hdlc.cc");
  for (const char* name :
       {"bus_station", "bus_wire", "mac_bridge", "mac_frames", "serial_line"}) {
    all.push_back("device/transport/" + std::string(name) + ".cc");
  }
  return all;
}

namespace {

bool is_core(const std::string& cpu_flags,
             std::initializer_list<const char*> cores) {
  return std::any_of(cores.begin(), cores.end(), [&](const char* core) {
    return cpu_flags.find(std::string("-mcpu=cortex") + core) != cpu_flags.npos;
  });
}

}  // namespace

bool has_dsp(const std::string& cpu_flags) {
  if (cpu_flags.find("+nodsp") != cpu_flags.npos) return false;
  return is_core(cpu_flags, {"-m4", "-m7", "-m33", "-m55", "-m85"});
}

bool has_mve(const std::string& cpu_flags) {
  // "+nomve.fp" takes the floating point part only. Vectors need the registers
  // of the floating point unit.
  const size_t without = cpu_flags.find("+nomve");
  if (without != cpu_flags.npos &&
      cpu_flags.compare(without, 9, "+nomve.fp") != 0) {
    return false;
  }
  const bool registers = cpu_flags.find("-mfloat-abi=hard") != cpu_flags.npos ||
                         cpu_flags.find("-mfloat-abi=softfp") != cpu_flags.npos;
  return registers && is_core(cpu_flags, {"-m55", "-m85"});
}

std::string kind_name(OpCode kind) {
  return kKinds[static_cast<size_t>(kind) - 1].name;
}

std::vector<std::string> board_sources(const std::string& board) {
  std::vector<std::string> all;
  const BootFacts* const boots = find_boot_facts(board);
  if (!boots) return all;
  for (const std::string& part : boots->parts) {
    const auto some = sources_in("boards/" + part + "/");
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

std::vector<std::string> with_headers(const std::vector<std::string>& sources) {
  std::set<std::string> all(sources.begin(), sources.end());
  std::vector<std::string> open = sources;
  while (!open.empty()) {
    const std::string name = open.back();
    open.pop_back();
    for (const std::string& header : includes_of(embedded(name))) {
      // Files that are not ours come from the platform.
      if (!find_embedded(header)) continue;
      if (all.insert(header).second) open.push_back(header);
    }
  }
  return {all.begin(), all.end()};
}

std::string exported_name(const std::string& name) {
  if (!name.ends_with(".cc")) return name;
  return name.substr(0, name.size() - 2) + "cpp";
}

}  // namespace shoal

// Reads what people and earlier runs leave in text files. The input's first
// byte modulo 7 selects the kind:
//
//   0 labels        1 a key             2 cluster.toml     3 a file of cuts
//   4 a journal     5 a golden trace    6 a study's cache
//
// 128 makes a journal's checksums right. What is taken means what it says: a
// cluster or a file of cuts leads to a plan that the judge takes (prepare()
// has every plan judged) or to an Error that is the user's, a text that is
// written again is read as the same.
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <string_view>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/hex.h"
#include "host/base/temporary_folder.h"
#include "host/cli/classes.h"
#include "host/data/evaluate/journal.h"
#include "host/engine/common/testing/small_model.h"
#include "host/engine/workers/key_file.h"
#include "host/oracle/golden/checksum.h"
#include "host/oracle/golden/trace.h"
#include "host/plan/cuts/cuts.h"
#include "host/program/store/store_info.h"
#include "host/study/swap_cache.h"

namespace {

using namespace shoal;

void expect(bool ok) {
  if (!ok) __builtin_trap();
}

// `text` as a file that its owner alone may use.
std::string file_of(const std::string& text) {
  static const TemporaryFolder folder;
  const std::string path = (folder.path() / "text").string();
  write_file(path, text);
  expect(chmod(path.c_str(), 0600) == 0);
  return path;
}

void try_labels(const std::string& text) {
  size_t bytes = 0;
  for (const std::string& label : read_labels(file_of(text))) {
    for (const char c : label) {
      expect(static_cast<uint8_t>(c) >= 0x20 || c == '\t');
    }
    bytes += label.size();
  }
  expect(bytes <= 4 * text.size());  // "\\x00"
}

void try_key(const std::string& text) {
  const SharedKey key = read_key_file(file_of(text));
  std::string digits = text.substr(0, 2 * key.size());
  std::ranges::transform(digits, digits.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  expect(digits == to_hex(key) && text.size() <= digits.size() + 1);
}

// The plan of a cluster, or an Error that is nobody's fault but the file's.
void try_plan(const PlanRequest& request) {
  static const Graph graph = small_graph();
  try {
    prepare(graph, request);
  } catch (const Error& e) {
    expect(e.code() == Exit::kUsage || e.code() == Exit::kDoesNotFit ||
           e.code() == Exit::kUnsupported);
  }
}

void try_cluster(const std::string& text) {
  constexpr size_t kPlanned = 5;  // more take too long for a fuzzer
  const Cluster cluster = parse_cluster("fuzz", text);
  std::set<std::string> names;
  for (const ClusterNode& n : cluster.nodes) {
    expect(n.name.size() <= kMaxNodeName && names.insert(n.name).second);
    expect(n.arena_budget() >= 0 && n.flash_budget() >= 0);
    expect(std::isfinite(n.rating) && n.rating > 0);
  }
  expect(!names.empty() && names.size() <= kMaxNodes);
  if (names.size() <= kPlanned) try_plan(linked_nodes(cluster));
}

void try_cuts(const std::string& text) {
  static const Cluster three =
      uniform_cluster(3, find_board("teensy41"), std::nullopt);
  PlanRequest request = linked_nodes(three);
  request.cuts_file = {"fuzz", text};
  try_plan(request);
}

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Every line's last word, if there is one, is its checksum.
std::string with_checks(const std::string& text) {
  std::string fixed;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    const size_t last = line.rfind(' ');
    if (at > 0 && last != std::string::npos) {
      line.resize(last);
      line += " " + crc32_hex(bytes_of(line));
    }
    fixed += line + (end < text.size() ? "\n" : "");
    at = end + 1;
  }
  return fixed;
}

void try_journal(const std::string& text) {
  const JournalLimits limits{"key", 20, 7};
  const JournalText journal = parse_journal(text, limits, "fuzz");
  expect(journal.bytes <= text.size());
  const auto kept = std::string_view(text).substr(0, journal.bytes);
  const auto lines = std::ranges::count(kept, '\n');
  expect(journal.answers.size() ==
         static_cast<size_t>(std::max<ptrdiff_t>(lines - 1, 0)));
  for (const auto& [frame, classes] : journal.answers) {
    expect(frame >= 0 && frame < limits.frames);
    for (const int c : classes) expect(c >= 0 && c < limits.classes);
  }
  expect(parse_journal(kept, limits, "again").answers == journal.answers);
}

void try_trace(const std::string& text) {
  const Trace trace = parse_trace(text);
  expect(parse_trace(format_trace(trace)) == trace);
}

void try_cache(const std::string& text) {
  SwapCache cache(file_of(text), "build");
  expect(cache.size() <=
         static_cast<size_t>(std::ranges::count(text, '\n')) + 1);
  SwapSetting setting;
  setting.network = "vgg16";
  cache.find(setting);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string text(data + 1, data + size);
  constexpr void (*kTry[])(const std::string&) = {
      try_labels,  try_key,   try_cluster, try_cuts,
      try_journal, try_trace, try_cache};
  const int kind = data[0] % 128 % 7;
  try {
    kTry[kind](kind == 4 && data[0] & 128 ? with_checks(text) : text);
  } catch (const Error& e) {
    expect(e.code() == Exit::kUsage || e.code() == Exit::kCorrupt);
  }
  return 0;
}

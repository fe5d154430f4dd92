// README's table of clusters: for N = 1..8 nodes the smallest arena of each
// strategy, and the traffic and latency of the fastest plan, simulated, beside
// the split paper's figures, quoted.
//   cluster_table MODEL [CUTS.toml]   (the cuts are for eight nodes)
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/size.h"
#include "host/board/board.h"
#include "host/model/import/import.h"
#include "host/plan/cuts/cuts.h"
#include "host/study/paper.h"
#include "host/study/point.h"

namespace shoal {
namespace {

constexpr int kMostNodes = 8;

struct Cell {
  Point smallest, fastest;
};

Cell measure_cell(const Graph& graph, const std::string& strategy, int nodes,
                  const PlanText* cuts) {
  Setting setting;
  setting.strategy = strategy;
  setting.nodes = nodes;
  setting.simulated = true;
  const Board& board = find_board("teensy41");
  Cell cell;
  cell.fastest = measure(graph, setting, board, cuts);
  setting.simulated = false;
  setting.objective = Objective::kRam;
  cell.smallest = measure(graph, setting, board, cuts);
  for (const Point* p : {&cell.fastest, &cell.smallest}) {
    if (!p->error.empty()) throw Error(Exit::kInternal, p->error);
  }
  return cell;
}

void print_cell(const Cell& c) {
  std::printf(" %s | %.2f | %.0f |",
              format_count(c.smallest.arena_bytes).c_str(),
              static_cast<double>(c.fastest.sent_bytes) / 1e6,
              c.fastest.latency_s * 1e3);
}

void print_quote(const std::optional<double>& value) {
  value ? std::printf(" %g |", *value) : std::printf(" |");
}

void print_table(const Graph& graph, const PlanText* cuts) {
  const Paper paper = parse_paper("paper_split.toml", paper_split_toml());
  const std::vector<std::string> strategies = general_strategies();
  std::printf("| N |");
  for (const std::string& s : strategies) {
    std::printf(" %s: arena, B | MB a frame | ms |", s.c_str());
  }
  std::printf(" paper: KB | MB |\n|--:|");
  for (size_t i = 0; i < 3 * strategies.size() + 2; ++i) std::printf("--:|");
  std::printf("\n");
  for (int n = 1; n <= kMostNodes; ++n) {
    std::printf("| %d |", n);
    for (const std::string& s : strategies) {
      print_cell(measure_cell(graph, s, n, nullptr));
    }
    print_quote(paper.find("ram_kb", 224, n));
    print_quote(paper.find("traffic_mb", 224, n));
    std::printf("\n");
    std::fflush(stdout);
  }
  if (!cuts) return;
  const Cell c = measure_cell(graph, cuts->name, kMostNodes, cuts);
  std::printf("\n%s, %d nodes:", cuts->name.c_str(), kMostNodes);
  std::printf(
      " arena %s B (its fastest plan: %s B), %.2f MB a frame, %.0f ms\n",
      format_count(c.smallest.arena_bytes).c_str(),
      format_count(c.fastest.arena_bytes).c_str(),
      static_cast<double>(c.fastest.sent_bytes) / 1e6,
      c.fastest.latency_s * 1e3);
}

}  // namespace
}  // namespace shoal

int main(int argc, char** argv) {
  using namespace shoal;
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: cluster_table MODEL [CUTS.toml]\n");
    return static_cast<int>(Exit::kUsage);
  }
  try {
    const Graph graph = load_model(argv[1]);
    if (argc == 2) {
      print_table(graph, nullptr);
      return 0;
    }
    const std::vector<uint8_t> text = read_file(argv[2]);
    const PlanText cuts{std::filesystem::path(argv[2]).filename().string(),
                        std::string(text.begin(), text.end())};
    print_table(graph, &cuts);
  } catch (const Error& e) {
    std::fprintf(stderr, "cluster_table: %s\n", e.what());
    return static_cast<int>(e.code());
  }
  return 0;
}

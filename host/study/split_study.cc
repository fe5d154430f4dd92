#include "host/study/split_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "host/base/error.h"
#include "host/model/resize/resize_input.h"
#include "host/study/asker.h"

namespace shoal {
namespace {

using Ask = Question (*)(Asker&);

std::vector<Question> ask_all(Asker& asker) {
  std::vector<Ask> questions = {ram_question, latency_question,
                                traffic_question};
  if (asker.own_side() > 0 && !asker.options().sizes.empty()) {
    questions.push_back(sizes_question);
  }
  const std::vector<int>& nodes = asker.options().nodes;
  if (std::count(nodes.begin(), nodes.end(), 8) > 0) {
    questions.push_back(unequal_question);
  }
  questions.push_back(memory_question);
  questions.push_back(link_question);
  if (asker.is_quoted()) questions.push_back(paper_question);
  std::vector<Question> answers;
  for (const Ask ask : questions) answers.push_back(ask(asker));
  return answers;
}

std::vector<std::pair<std::string, std::string>> facts(
    const Graph& graph, const SplitStudyOptions& options) {
  const Board& board = *options.board;
  const Shape& input =
      graph.tensors[static_cast<size_t>(graph.inputs[0])].shape;
  std::string shape;
  for (const int extent : input) {
    shape += (shape.empty() ? "" : "x") + std::to_string(extent);
  }
  return {
      {"model",
       fmt::format("{}, input {}, {:.1f} million MACs", graph.name, shape,
                   static_cast<double>(model_macs(graph)) * 1e-6)},
      {"board",
       fmt::format("{} ({}), link {}", board.name, board.title, board.link)},
      {"modelled",
       "computed by the planner; bytes are exact, times are "
       "estimates from the board's profile"},
      {"simulated",
       "the real runtime and protocol in virtual time, with the "
       "costs of the board's profile; nothing was measured on "
       "hardware"},
      {"quoted", "figures of the paper's own system, not measured here"},
  };
}

const PlanText* find_cuts(const SplitStudyOptions& options,
                          const std::string& name) {
  for (const PlanText& file : options.cuts) {
    if (file.name == name) return &file;
  }
  return nullptr;
}

// The model at every size, made before threads begin. A size that it cannot
// take is an error of the points that need it.
struct Sized {
  Graph graph;
  std::string error;
};

std::map<int, Sized> make_sizes(const Graph& graph, const Paper& paper,
                                const SplitStudyOptions& options) {
  std::vector<int> sides = options.sizes;
  for (const Quote& quote : paper.quotes) sides.push_back(quote.input);
  std::map<int, Sized> sized;
  sized[0].graph = graph;
  for (const int side : sides) {
    if (sized.count(side) > 0) continue;
    try {
      sized[side].graph = resize_input(graph, side, side);
    } catch (const Error& e) {
      sized[side].error = e.what();
    }
  }
  return sized;
}

[[noreturn]] void refuse_numbers(const std::string& text,
                                 const std::string& flag, int limit) {
  throw Error(Exit::kUsage,
              fmt::format("{} '{}' is not a list of numbers of 1..{}", flag,
                          text, limit),
              "such as 1..8,16");
}

}  // namespace

StudyResult split_study(const Graph& graph, const Paper& paper,
                        const SplitStudyOptions& options, Points& points,
                        const Points::Progress& progress) {
  return ask_until_made(points, options.threads, progress, [&] {
    Asker asker(graph, paper, options, points);
    std::vector<Question> questions = ask_all(asker);
    return StudyResult{{"split", "Split study: " + graph.name, options.command,
                        facts(graph, options), std::move(questions)},
                       asker.broken()};
  });
}

StudyResult split_study(const Graph& graph, const Paper& paper,
                        const SplitStudyOptions& options,
                        const Points::Progress& progress) {
  const std::map<int, Sized> sized = make_sizes(graph, paper, options);
  Points points([&](const Setting& s) {
    const Sized& at = sized.at(s.side);
    if (at.error.empty()) {
      return measure(at.graph, s, *options.board,
                     find_cuts(options, s.strategy));
    }
    Point point;
    point.error = at.error;
    return point;
  });
  return split_study(graph, paper, options, points, progress);
}

std::vector<int> parse_numbers(const std::string& text, const std::string& flag,
                               int limit) {
  std::vector<int> out;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto number = [&] {
    int value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc{} || value < 1 || value > limit) {
      refuse_numbers(text, flag, limit);
    }
    at = next;
    return value;
  };
  for (;;) {
    const int first = number();
    int last = first;
    if (end - at > 2 && at[0] == '.' && at[1] == '.') {
      at += 2;
      last = number();
    }
    if (last < first) refuse_numbers(text, flag, limit);
    for (int k = first; k <= last; ++k) out.push_back(k);
    if (at == end) break;
    if (*at != ',') refuse_numbers(text, flag, limit);
    ++at;
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace shoal

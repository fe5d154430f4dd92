#include "host/cli/evaluate_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "host/base/size.h"
#include "host/base/table.h"
#include "host/base/units.h"
#include "host/cli/output.h"

namespace shoal {
namespace {

constexpr int kMostInTable = 20;  // classes
constexpr size_t kMostInMatrix = 40;
constexpr size_t kWorst = 10;
constexpr size_t kLongestTitle = 24;

std::string count(int64_t value) { return format_count(value); }

// Its number before its name, if it has one.
std::string title(const Classes& classes, int c) {
  const std::string number = std::to_string(c);
  const std::string name = classes.name(c);
  return name == number ? number : number + " " + name;
}

// Classes that are right or were said for any frame.
std::vector<int> classes_met(const Accuracy& a) {
  std::set<int> met;
  for (const auto& [pair, frames] : a.confusion) {
    met.insert(pair.first);
    met.insert(pair.second);
  }
  return {met.begin(), met.end()};
}

int64_t frames_of(const Accuracy& a, int truth, int said) {
  const auto found = a.confusion.find({truth, said});
  return found == a.confusion.end() ? 0 : found->second;
}

int width_of_titles(const Classes& classes, const std::vector<int>& which) {
  size_t width = 5;
  for (const int c : which) width = std::max(width, title(classes, c).size());
  return static_cast<int>(std::min(width, kLongestTitle));
}

void print_matrix(const Classes& classes, const Accuracy& a,
                  const std::vector<int>& met) {
  std::vector<TableColumn> columns{{"class", Align::kLeft}, {"recall"}};
  for (const int said : met) {
    columns.push_back({std::to_string(said), Align::kRight, 1});
  }
  columns.push_back({"<- predicted", Align::kLeft});
  TextTable table(std::move(columns));
  for (const int truth : met) {
    const ClassCount& of = a.classes[static_cast<size_t>(truth)];
    std::vector<std::string> cells{
        title(classes, truth).substr(0, kLongestTitle),
        of.frames > 0 ? fmt::format("{:.1f}%", 100 * of.recall()) : "-"};
    for (const int said : met) {
      cells.push_back(count(frames_of(a, truth, said)));
    }
    table.add(std::move(cells));
  }
  say("\n");
  say_table(table);
}

void print_worst_classes(const Classes& classes, const Accuracy& a) {
  std::vector<int> seen;
  for (int c = 0; c < classes.count; ++c) {
    if (a.classes[static_cast<size_t>(c)].frames > 0) seen.push_back(c);
  }
  const auto recall = [&](int c) {
    return a.classes[static_cast<size_t>(c)].recall();
  };
  std::ranges::stable_sort(seen, {}, recall);
  seen.resize(std::min(seen.size(), kWorst));
  const int wide = width_of_titles(classes, seen);
  say("\n%-*s  recall   frames   (the lowest)\n", wide, "class");
  for (const int c : seen) {
    const ClassCount& of = a.classes[static_cast<size_t>(c)];
    say("%-*.*s  %5.1f%%  %7s\n", wide, wide, title(classes, c).c_str(),
        100 * of.recall(), count(of.frames).c_str());
  }
}

std::vector<std::pair<std::pair<int, int>, int64_t>> worst_pairs(
    const Accuracy& a) {
  std::vector<std::pair<std::pair<int, int>, int64_t>> wrong;
  for (const auto& entry : a.confusion) {
    if (entry.first.first != entry.first.second) wrong.push_back(entry);
  }
  std::ranges::stable_sort(wrong, std::greater<>(),
                           [](const auto& e) { return e.second; });
  wrong.resize(std::min(wrong.size(), kWorst));
  return wrong;
}

void print_worst_pairs(const Classes& classes, const Accuracy& a) {
  const auto wrong = worst_pairs(a);
  if (wrong.empty()) return;
  say("\n frames  confused (the most)\n");
  for (const auto& [pair, frames] : wrong) {
    say("%7s  %s, said %s\n", count(frames).c_str(),
        title(classes, pair.first).c_str(),
        title(classes, pair.second).c_str());
  }
}

}  // namespace

void tell_frames(const Progress& progress, double seconds, int64_t before) {
  const int64_t ran = progress.ran();
  tell("%s frames in %s, %s frames/s%s\n", count(ran).c_str(),
       clock_text(seconds).c_str(),
       format_three_digits(static_cast<double>(ran) / seconds).c_str(),
       before > 0 ? ("; " + count(before) + " were known").c_str() : "");
}

void print_accuracy(const Classes& classes, const Accuracy& a,
                    const EvaluateOutcome& outcome) {
  for (const std::string& note : classes.notes) {
    say("note     %s\n", note.c_str());
  }
  say("top-1    %.2f %%, %s of %s frames\n", 100 * fraction(a.top1, a.frames),
      count(a.top1).c_str(), count(a.frames).c_str());
  if (classes.count > static_cast<int>(kBest)) {
    say("top-5    %.2f %%, %s\n", 100 * fraction(a.top5, a.frames),
        count(a.top5).c_str());
  }
  say("recall   %.2f %%, mean of %s classes\n", 100 * a.mean_recall(),
      count(a.classes_seen()).c_str());
  print_arenas(outcome.nodes);
  const std::vector<int> met = classes_met(a);
  if (static_cast<int>(met.size()) <= kMostInTable) {
    print_matrix(classes, a, met);
  } else {
    print_worst_classes(classes, a);
    print_worst_pairs(classes, a);
  }
}

Section accuracy_section(const Classes& classes, const Accuracy& a) {
  Chart all = table_chart(
      "All frames", {{"number", ""}, {"value", "%", Origin::kSetting, 2}});
  all.table.rows = {{"top-1", 100 * fraction(a.top1, a.frames)},
                    {"top-5", 100 * fraction(a.top5, a.frames)},
                    {"mean recall of classes", 100 * a.mean_recall()}};
  const std::vector<int> met = classes_met(a);
  std::map<int, int64_t> said;
  for (const auto& [pair, frames] : a.confusion) said[pair.second] += frames;
  Chart each = table_chart("Accuracy by class",
                           {{"class", ""},
                            {"name", ""},
                            {"frames", ""},
                            {"recall", "%", Origin::kSetting, 1},
                            {"precision", "%", Origin::kSetting, 1}});
  for (const int c : met) {
    const ClassCount& of = a.classes[static_cast<size_t>(c)];
    const Cell recall = of.frames > 0 ? Cell(100 * of.recall()) : Cell();
    const Cell precision =
        said[c] > 0 ? Cell(100 * fraction(of.right, said[c])) : Cell();
    each.table.rows.push_back({static_cast<double>(c), classes.name(c),
                               static_cast<double>(of.frames), recall,
                               precision});
  }
  Chart confusion;
  if (met.size() <= kMostInMatrix) {
    confusion = table_chart(
        "Confusion: frames of a line's class that the "
        "model takes for a column's",
        {{"class", ""}});
    confusion.is_heat = true;
    for (const int c : met) {
      confusion.table.columns.push_back({std::to_string(c), ""});
    }
    for (const int truth : met) {
      Row row{title(classes, truth)};
      for (const int c : met) {
        row.push_back(static_cast<double>(frames_of(a, truth, c)));
      }
      confusion.table.rows.push_back(std::move(row));
    }
  } else {
    confusion = table_chart("The most confused classes",
                            {{"class", ""}, {"taken for", ""}, {"frames", ""}});
    for (const auto& [pair, frames] : worst_pairs(a)) {
      confusion.table.rows.push_back({title(classes, pair.first),
                                      title(classes, pair.second),
                                      static_cast<double>(frames)});
    }
  }
  return {
      "accuracy",
      "Accuracy",
      count(a.frames) + " frames of " + count(a.classes_seen()) + " classes.",
      {std::move(all), std::move(confusion), std::move(each)},
      classes.notes};
}

nlohmann::json accuracy_json(const Classes& classes, const Accuracy& a) {
  nlohmann::json json{{"frames", a.frames},
                      {"top1_frames", a.top1},
                      {"top5_frames", a.top5},
                      {"top1", fraction(a.top1, a.frames)},
                      {"top5", fraction(a.top5, a.frames)},
                      {"mean_recall", a.mean_recall()},
                      {"outputs", classes.count},
                      {"classes", nlohmann::json::array()},
                      {"confusion", nlohmann::json::array()},
                      {"notes", classes.notes}};
  for (int c = 0; c < classes.count; ++c) {
    const ClassCount& of = a.classes[static_cast<size_t>(c)];
    nlohmann::json recall;  // null: no frame shows what it is
    if (of.frames > 0) recall = of.recall();
    json["classes"].push_back({{"index", c},
                               {"label", classes.name(c)},
                               {"frames", of.frames},
                               {"right", of.right},
                               {"recall", recall}});
  }
  for (const auto& [pair, frames] : a.confusion) {
    json["confusion"].push_back(
        {{"truth", pair.first}, {"said", pair.second}, {"frames", frames}});
  }
  return json;
}

std::string confusion_csv(const Classes& classes, const Accuracy& a) {
  const std::vector<int> met = classes_met(a);
  std::string text = "truth \\ said";
  for (const int said : met) text += "," + csv_field(title(classes, said));
  text += "\n";
  for (const int truth : met) {
    text += csv_field(title(classes, truth));
    for (const int said : met) {
      text += "," + std::to_string(frames_of(a, truth, said));
    }
    text += "\n";
  }
  return text;
}

}  // namespace shoal

#include <algorithm>
#include <bit>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/cli/judge_pictures.h"
#include "host/cli/output.h"
#include "host/cli/run_report.h"
#include "host/data/evaluate/box_truth.h"
#include "host/data/evaluate/precision.h"
#include "host/data/image/draw.h"

namespace shoal {
namespace {

constexpr size_t kMostShown = 20;  // classes in the table

// The answer of a frame: the picture's width and height, then for each box its
// class, and score, left, top, right and bottom as the bits of a float.
constexpr size_t kPerBox = 6;

FrameAnswer answer_of(PictureSize size, const std::vector<Detection>& boxes) {
  FrameAnswer answer = {size.width, size.height};
  for (const Detection& b : boxes) {
    answer.push_back(b.index);
    for (const float v : {b.score, b.left, b.top, b.right, b.bottom}) {
      answer.push_back(std::bit_cast<int>(v));
    }
  }
  return answer;
}

std::vector<Detection> boxes_of(const FrameAnswer& answer) {
  std::vector<Detection> boxes;
  for (size_t i = 2; i < answer.size(); i += kPerBox) {
    const auto real = [&](size_t at) {
      return std::bit_cast<float>(answer[i + at]);
    };
    boxes.push_back({real(2), real(3), real(4), real(5), answer[i], real(1)});
  }
  return boxes;
}

bool possible_boxes(const FrameAnswer& answer) {
  if (answer.size() < 2 || (answer.size() - 2) % kPerBox != 0 ||
      answer[0] < 1 || answer[1] < 1) {
    return false;
  }
  for (size_t i = 2; i < answer.size(); i += kPerBox) {
    if (answer[i] < 0) return false;
  }
  return true;
}

class BoxJudge : public PictureJudge {
 public:
  explicit BoxJudge(JudgeParts parts)
      : PictureJudge(std::move(parts)), truth_(read_truth()) {
    match_box_classes(truth_, labels_, flags_.label_offset);
  }

  // Sizes that the truth says are what boxes of values are scaled by, and what
  // those of pictures were compared with; its boxes are counted at the end.
  std::string key() const override {
    std::string text = "detect " + head_name(head_);
    char number[64];
    std::snprintf(number, sizeof number, " %.9g %.9g",
                  static_cast<double>(flags_.score),
                  static_cast<double>(flags_.overlap.value_or(-1.f)));
    text += number;
    for (const float v : flags_.anchors) {
      std::snprintf(number, sizeof number, " %.9g", static_cast<double>(v));
      text += number;
    }
    for (int64_t i = 0; i < data_->size(); ++i) {
      const PictureSize said = said_size(i);
      text +=
          " " + std::to_string(said.width) + "x" + std::to_string(said.height);
    }
    return text;
  }
  JournalLimits limits() const override {
    return {"", data_->size(), 0,
            [](int64_t, const FrameAnswer& a) { return possible_boxes(a); }};
  }

  FrameAnswer answer(int64_t item, std::span<const uint8_t> outputs) override {
    const PictureSize size = size_of(item);
    HeadFindings found =
        read_head(head_, real_outputs(graph_, outputs),
                  {.score = flags_.score, .overlap = flags_.overlap});
    to_picture(placement(size), found);
    return answer_of(size, found.boxes);
  }

  void count(const Answers& answers) override;
  void write(const std::string& path) const override;
  void print(const EvaluateOutcome&) const override;
  nlohmann::json json() const override;
  Section section() const override;
  std::vector<int64_t> worst() const override;
  std::string mistakes_text() const override {
    return "Pictures with the most boxes that are missed or found for nothing. "
           "White boxes are those of the truth.";
  }
  void draw(int64_t item, std::span<const uint8_t> outputs,
            PagePictures&) const override;

 private:
  PictureSize said_size(int64_t item) const override {
    const BoxTruth::Item& said = truth_.items[static_cast<size_t>(item)];
    return {said.width, said.height};
  }
  void check_size(int64_t item, PictureSize size) const override {
    const PictureSize said = said_size(item);
    if (said.width <= 0 || said.height <= 0) return;
    if (said.width == size.width && said.height == size.height) return;
    throw Error(Exit::kCorrupt,
                printable(flags_.truth) + ": " + printable(data_->name(item)) +
                    " is " + std::to_string(said.width) + " x " +
                    std::to_string(said.height) + ", the picture has " +
                    std::to_string(size.width) + " x " +
                    std::to_string(size.height) + " pixels",
                "give the pictures that the truth was made for");
  }

  BoxTruth read_truth() const {
    if (std::filesystem::path(flags_.truth).extension() == ".json") {
      return read_coco(flags_.truth, *data_);
    }
    return read_yolo(flags_.data, flags_.truth, *data_);
  }

  std::string name(int c) const override {
    const auto at = static_cast<size_t>(c);
    if (at < labels_.size()) return labels_[at];
    return at < truth_.names.size() ? truth_.names[at] : "";
  }
  // Those that the truth has.
  std::vector<int> seen() const {
    std::vector<int> all;
    for (size_t c = 0; c < precision_.classes.size(); ++c) {
      if (precision_.classes[c].truth > 0) all.push_back(static_cast<int>(c));
    }
    return all;
  }
  const ClassPrecision& of(int c) const {
    return precision_.classes[static_cast<size_t>(c)];
  }
  std::string csv() const;
  nlohmann::json results() const;

  BoxTruth truth_;
  std::vector<int64_t> items_;      // that were evaluated, in their order
  std::vector<FrameBoxes> frames_;  // likewise
  Precision precision_;
};

void BoxJudge::count(const Answers& answers) {
  for (const auto& [item, answer] : answers) items_.push_back(item);
  const auto id = [this](int64_t item) {
    return truth_.items[static_cast<size_t>(item)].id;
  };
  std::ranges::stable_sort(items_, {}, id);
  int classes = 0;
  for (const int64_t item : items_) {
    const FrameAnswer& answer = answers.at(item);
    FrameBoxes frame{truth_.items[static_cast<size_t>(item)].boxes,
                     boxes_of(answer)};
    for (TruthBox& t : frame.truth) {
      classes = std::max(classes, t.index + 1);
      if (!truth_.parts) continue;
      t.left *= answer[0], t.right *= answer[0];
      t.top *= answer[1], t.bottom *= answer[1];
    }
    frames_.push_back(std::move(frame));
  }
  precision_ = average_precision(frames_, classes);
}

// Boxes that are weaker are in the answers for the sake of precision alone.
std::vector<Detection> shown_boxes(const std::vector<Detection>& found) {
  constexpr float kShownScore = 0.25f;
  std::vector<Detection> shown;
  for (const Detection& b : found) {
    if (b.score >= kShownScore) shown.push_back(b);
  }
  return shown;
}

Detection as_detection(const TruthBox& t) {
  return {static_cast<float>(t.left), static_cast<float>(t.top),
          static_cast<float>(t.right), static_cast<float>(t.bottom), t.index};
}

struct BoxMistakes {
  size_t missed = 0, extra = 0;
  size_t sum() const { return missed + extra; }
};

// Each found box has at most one of the truth, that it overlaps by half.
BoxMistakes mistakes_in(const FrameBoxes& frame) {
  constexpr float kHalf = 0.5f;
  std::vector<Detection> left = shown_boxes(frame.found);
  BoxMistakes mistakes;
  for (const TruthBox& t : frame.truth) {
    if (t.crowd) continue;
    const auto match = std::ranges::find_if(left, [&](const Detection& b) {
      return b.index == t.index &&
             intersection_over_union(b, as_detection(t)) >= kHalf;
    });
    if (match == left.end()) {
      ++mistakes.missed;
    } else {
      left.erase(match);
    }
  }
  mistakes.extra = left.size();
  return mistakes;
}

std::vector<int64_t> BoxJudge::worst() const {
  Wrong wrong;
  for (size_t f = 0; f < frames_.size(); ++f) {
    const size_t mistakes = mistakes_in(frames_[f]).sum();
    if (mistakes > 0) wrong.emplace_back(mistakes, items_[f]);
  }
  std::ranges::stable_sort(wrong, std::greater{},
                           [](const auto& w) { return w.first; });
  return items_of(wrong);
}

void BoxJudge::draw(int64_t item, std::span<const uint8_t>,
                    PagePictures& pictures) const {
  const auto at =
      static_cast<size_t>(std::ranges::find(items_, item) - items_.begin());
  const FrameBoxes& frame = frames_[at];
  Picture picture = data_->is_picture(item) ? data_->picture(item) : Picture{};
  if (picture.width > 0) {
    constexpr Colour kWhite{255, 255, 255};
    for (const TruthBox& t : frame.truth) {
      draw_box(picture, {t.left, t.top, t.right, t.bottom}, kWhite, "");
    }
    for (const Detection& b : shown_boxes(frame.found)) {
      draw_box(picture, {b.left, b.top, b.right, b.bottom}, colour_of(b.index),
               title_of(b.index));
    }
  }
  const BoxMistakes mistakes = mistakes_in(frame);
  pictures.add(data_->name(item),
               std::to_string(mistakes.missed) + " missed, " +
                   std::to_string(mistakes.extra) + " found for nothing",
               picture);
}

Section BoxJudge::section() const {
  Chart all = table_chart(
      "All pictures", {{"number", ""}, {"value", "%", Origin::kSetting, 2}});
  all.table.rows = {{"mAP of overlaps 0.5 to 0.95", 100 * precision_.mean()},
                    {"mAP50", 100 * precision_.at(0)},
                    {"mAP75", 100 * precision_.at(5)}};
  Chart each =
      table_chart("Precision by class", {{"class", ""},
                                         {"name", ""},
                                         {"boxes", "truth"},
                                         {"boxes", "found"},
                                         {"AP", "%", Origin::kSetting, 1},
                                         {"AP50", "%", Origin::kSetting, 1}});
  for (const int c : seen()) {
    each.table.rows.push_back({static_cast<double>(c), title_of(c),
                               static_cast<double>(of(c).truth),
                               static_cast<double>(of(c).found),
                               100 * of(c).mean(), 100 * of(c).at[0]});
  }
  return {"accuracy",
          "Accuracy",
          format_count(precision_.truth) + " boxes in " +
              format_count(precision_.frames) + " pictures.",
          {std::move(all), std::move(each)},
          truth_.notes};
}

std::string BoxJudge::csv() const {
  std::string text = "class,label,truth,found,AP,AP50,AP75\n";
  for (const int c : seen()) {
    char numbers[128];
    std::snprintf(numbers, sizeof numbers, ",%lld,%lld,%.6f,%.6f,%.6f\n",
                  static_cast<long long>(of(c).truth),
                  static_cast<long long>(of(c).found), of(c).mean(),
                  of(c).at[0], of(c).at[5]);
    text += std::to_string(c) + "," + csv_field(name(c)) + numbers;
  }
  return text;
}

// As COCO's tools take them; pictures without ids by their names.
nlohmann::json BoxJudge::results() const {
  nlohmann::json all = nlohmann::json::array();
  for (size_t f = 0; f < frames_.size(); ++f) {
    const auto item = static_cast<size_t>(items_[f]);
    for (const Detection& b : frames_[f].found) {
      const auto c = static_cast<size_t>(b.index);
      const bool known = c < truth_.ids.size() && truth_.ids[c] >= 0;
      if (!truth_.ids.empty() && !known) continue;
      nlohmann::json one{
          {"category_id", known ? truth_.ids[c] : int64_t{b.index}},
          {"score", b.score},
          {"bbox", {b.left, b.top, b.right - b.left, b.bottom - b.top}}};
      if (truth_.parts) {
        one["image_id"] = data_->name(items_[f]);
      } else {
        one["image_id"] = truth_.items[item].id;
      }
      all.push_back(std::move(one));
    }
  }
  return all;
}

void BoxJudge::write(const std::string& path) const {
  if (std::filesystem::path(path).extension() == ".json") {
    using Json = nlohmann::json;
    write_file(
        path,
        results().dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  } else {
    write_file(path, csv());
  }
}

void BoxJudge::print(const EvaluateOutcome& outcome) const {
  for (const std::string& note : truth_.notes)
    say("note     %s\n", note.c_str());
  const std::string classes = format_count(precision_.classes_seen());
  say("mAP      %.2f %%, of overlaps 0.5 to 0.95, mean of %s classes\n",
      100 * precision_.mean(), classes.c_str());
  say("mAP50    %.2f %%\n", 100 * precision_.at(0));
  say("mAP75    %.2f %%\n", 100 * precision_.at(5));
  say("boxes    %s in %s pictures, %s found\n",
      format_count(precision_.truth).c_str(),
      format_count(precision_.frames).c_str(),
      format_count(precision_.found).c_str());
  print_arenas(outcome.nodes);
  std::vector<int> shown = seen();
  const bool all = shown.size() <= kMostShown;
  if (!all) {
    std::ranges::stable_sort(shown, {}, [this](int c) { return of(c).mean(); });
    shown.resize(kMostShown);
  }
  say("\n    AP    AP50    truth    found  class%s\n",
      all ? "" : "   (the lowest)");
  for (const int c : shown) {
    say("%5.1f%%  %5.1f%%  %7s  %7s  %d %s\n", 100 * of(c).mean(),
        100 * of(c).at[0], format_count(of(c).truth).c_str(),
        format_count(of(c).found).c_str(), c, name(c).c_str());
  }
}

nlohmann::json BoxJudge::json() const {
  nlohmann::json json{{"task", "detect"},
                      {"head", head_name(head_)},
                      {"frames", precision_.frames},
                      {"map", precision_.mean()},
                      {"map50", precision_.at(0)},
                      {"map75", precision_.at(5)},
                      {"truth_boxes", precision_.truth},
                      {"found_boxes", precision_.found},
                      {"notes", truth_.notes},
                      {"classes", nlohmann::json::array()}};
  for (const int c : seen()) {
    json["classes"].push_back({{"index", c},
                               {"label", name(c)},
                               {"truth", of(c).truth},
                               {"found", of(c).found},
                               {"ap", of(c).mean()},
                               {"ap50", of(c).at[0]},
                               {"ap75", of(c).at[5]}});
  }
  return json;
}

}  // namespace

std::unique_ptr<Judge> judge_boxes(JudgeParts parts) {
  return std::make_unique<BoxJudge>(std::move(parts));
}

}  // namespace shoal

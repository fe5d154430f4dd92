#include <algorithm>
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
#include "host/data/evaluate/class_map.h"
#include "host/data/evaluate/mask_overlap.h"
#include "host/data/image/draw.h"
#include "host/oracle/golden/checksum.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

// The answer of a frame: right class, said class, pixels; again and again.
constexpr size_t kPerPair = 3;

bool possible_counts(const FrameAnswer& answer) {
  return answer.size() % kPerPair == 0 &&
         std::ranges::all_of(answer,
                             [](int v) { return v >= 0 && v <= 64'000'000; });
}

// Two pictures of one size.
Picture side_by_side(const Picture& left, const Picture& right) {
  Picture both{2 * left.width, left.height, {}};
  const auto bytes = static_cast<std::ptrdiff_t>(3) * left.width;
  for (int row = 0; row < left.height; ++row) {
    for (const Picture* const half : {&left, &right}) {
      const auto from = half->rgb.begin() + row * bytes;
      both.rgb.insert(both.rgb.end(), from, from + bytes);
    }
  }
  return both;
}

class MaskJudge : public PictureJudge {
 public:
  explicit MaskJudge(JudgeParts parts) : PictureJudge(std::move(parts)) {
    std::error_code error;
    if (!fs::is_directory(flags_.truth, error)) {
      throw Error(Exit::kUsage,
                  flags_.truth.empty()
                      ? "--truth is missing: masks are compared with a folder"
                      : "--truth: " + printable(flags_.truth) +
                            " is not a folder of masks",
                  "give --truth DIR; the folder has NAME.png for each picture, "
                  "whose values are the numbers of classes");
    }
    for (int64_t i = 0; i < data_->size(); ++i) {
      if (fs::is_regular_file(truth_file(i), error)) continue;
      throw Error(Exit::kUsage,
                  printable(data_->name(i)) + " has no mask " +
                      printable(truth_file(i)),
                  "add the mask, or remove the picture");
    }
  }

  // The truth too: pixels are counted frame by frame.
  std::string key() const override {
    std::string text = "segment " + head_name(head_);
    for (int64_t i = 0; i < data_->size(); ++i) {
      text += " " + sha256_hex(read_file(truth_file(i), files::kInput));
    }
    return text + " " + std::to_string(flags_.label_offset);
  }
  JournalLimits limits() const override {
    return {"", data_->size(), 0,
            [](int64_t, const FrameAnswer& a) { return possible_counts(a); }};
  }
  FrameAnswer answer(int64_t item, std::span<const uint8_t> outputs) override {
    const PictureSize size = size_of(item);
    const std::string file = truth_file(item);
    const ClassMap truth =
        decode_class_map(read_file(file, files::kInput), file);
    if (truth.width != size.width || truth.height != size.height) {
      throw Error(Exit::kCorrupt,
                  printable(file) + ": " + std::to_string(truth.width) + " x " +
                      std::to_string(truth.height) + " pixels, but the " +
                      "picture has " + std::to_string(size.width) + " x " +
                      std::to_string(size.height),
                  "make a mask of the picture's size");
    }
    const HeadFindings said =
        read_head(head_, real_outputs(graph_, outputs), {});
    FrameAnswer answer;
    for (const auto& [pair, pixels] : compare_mask(
             truth, said, head_.width, head_.height, placement(size))) {
      const int right = pair.first + flags_.label_offset;
      if (right < 0) {
        throw Error(Exit::kUsage,
                    printable(file) + ": class " + std::to_string(pair.first) +
                        " would be class " + std::to_string(right) +
                        " of the model",
                    "give another --label-offset");
      }
      answer.insert(answer.end(),
                    {right, pair.second, static_cast<int>(pixels)});
    }
    return answer;
  }

  void count(const Answers& answers) override {
    MaskCounts counts;
    for (const auto& [item, answer] : answers) {
      double right = 0, all = 0;
      for (size_t i = 0; i < answer.size(); i += kPerPair) {
        counts[{answer[i], answer[i + 1]}] += answer[i + 2];
        all += answer[i + 2];
        if (answer[i] == answer[i + 1]) right += answer[i + 2];
      }
      if (right < all) wrong_.emplace_back(right / all, item);
    }
    std::ranges::sort(wrong_);
    overlap_ = mask_overlap(counts, static_cast<int64_t>(answers.size()));
  }

  void write(const std::string& path) const override {
    std::string text = "class,label,truth,said,right,IoU\n";
    for (const int c : seen()) {
      char numbers[128];
      std::snprintf(numbers, sizeof numbers, ",%lld,%lld,%lld,%.6f\n",
                    static_cast<long long>(of(c).truth),
                    static_cast<long long>(of(c).said),
                    static_cast<long long>(of(c).right), of(c).overlap());
      text += std::to_string(c) + "," + csv_field(name(c)) + numbers;
    }
    write_file(path, text);
  }

  Section section() const override {
    Chart all = table_chart(
        "All pictures", {{"number", ""}, {"value", "%", Origin::kSetting, 2}});
    all.table.rows = {{"mIoU", 100 * overlap_.mean()},
                      {"pixels that are right", 100 * right()}};
    Chart each =
        table_chart("Overlap by class", {{"class", ""},
                                         {"name", ""},
                                         {"pixels", "truth"},
                                         {"pixels", "said"},
                                         {"IoU", "%", Origin::kSetting, 1}});
    for (const int c : seen()) {
      each.table.rows.push_back({static_cast<double>(c), title_of(c),
                                 static_cast<double>(of(c).truth),
                                 static_cast<double>(of(c).said),
                                 100 * of(c).overlap()});
    }
    return {"accuracy",
            "Accuracy",
            format_count(overlap_.pixels) + " pixels in " +
                format_count(overlap_.frames) + " pictures.",
            {std::move(all), std::move(each)},
            {}};
  }
  std::vector<int64_t> worst() const override { return items_of(wrong_); }
  std::string mistakes_text() const override {
    return "Pictures with the fewest pixels of the right class: on the left "
           "the model's mask, on the right the truth.";
  }
  void draw(int64_t item, std::span<const uint8_t> outputs,
            PagePictures& pictures) const override {
    const PictureSize size = size_of(item);
    Picture said = data_->is_picture(item)
                       ? data_->picture(item)
                       : Picture{size.width, size.height, {}};
    said.rgb.resize(size_t{3} * size_t(size.width) * size_t(size.height), 128);
    Picture right = said;
    const HeadFindings found =
        read_head(head_, real_outputs(graph_, outputs), {});
    const Placement p = placement(size);
    draw_mask(said,
              {p.left, p.top, p.left + head_.width * p.columns,
               p.top + head_.height * p.rows},
              found.mask_width, found.mask);
    const std::string file = truth_file(item);
    const ClassMap truth =
        decode_class_map(read_file(file, files::kInput), file);
    std::vector<int> classes;
    for (const uint8_t c : truth.classes) {
      classes.push_back(c == kIgnoredClass ? 0 : c + flags_.label_offset);
    }
    draw_mask(right, {0, 0, double(size.width), double(size.height)},
              truth.width, classes);
    const auto part =
        std::ranges::find(wrong_, item, &std::pair<double, int64_t>::second);
    char text[64];
    std::snprintf(text, sizeof text, "%.1f %% of its pixels are right",
                  100 * part->first);
    pictures.add(data_->name(item), text, side_by_side(said, right));
  }

  void print(const EvaluateOutcome& outcome) const override {
    say("mIoU     %.2f %%, mean of %s classes\n", 100 * overlap_.mean(),
        format_count(overlap_.classes_seen()).c_str());
    say("pixels   %.2f %% right of %s in %s pictures\n", 100 * right(),
        format_count(overlap_.pixels).c_str(),
        format_count(overlap_.frames).c_str());
    print_arenas(outcome.nodes);
    say("\n   IoU         truth          said  class\n");
    for (const int c : seen()) {
      say("%5.1f%%  %12s  %12s  %d %s\n", 100 * of(c).overlap(),
          format_count(of(c).truth).c_str(), format_count(of(c).said).c_str(),
          c, name(c).c_str());
    }
  }

  nlohmann::json json() const override {
    nlohmann::json json{{"task", "segment"},
                        {"head", head_name(head_)},
                        {"frames", overlap_.frames},
                        {"miou", overlap_.mean()},
                        {"pixels", overlap_.pixels},
                        {"right", right()},
                        {"classes", nlohmann::json::array()}};
    for (const int c : seen()) {
      json["classes"].push_back({{"index", c},
                                 {"label", name(c)},
                                 {"truth", of(c).truth},
                                 {"said", of(c).said},
                                 {"right", of(c).right},
                                 {"iou", of(c).overlap()}});
    }
    return json;
  }

 private:
  std::string truth_file(int64_t item) const {
    const fs::path name = fs::path(data_->name(item)).filename();
    return (fs::path(flags_.truth) / name).replace_extension(".png").string();
  }
  std::vector<int> seen() const {
    std::vector<int> all;
    for (size_t c = 0; c < overlap_.classes.size(); ++c) {
      if (overlap_.classes[c].either() > 0) all.push_back(static_cast<int>(c));
    }
    return all;
  }
  const ClassOverlap& of(int c) const {
    return overlap_.classes[static_cast<size_t>(c)];
  }
  double right() const {
    return overlap_.pixels > 0 ? static_cast<double>(overlap_.right) /
                                     static_cast<double>(overlap_.pixels)
                               : 0;
  }

  MaskOverlap overlap_;
  // The part that is right of pictures that are not all right, worst first.
  Wrong wrong_;
};

}  // namespace

std::unique_ptr<Judge> judge_masks(JudgeParts parts) {
  return std::make_unique<MaskJudge>(std::move(parts));
}

}  // namespace shoal

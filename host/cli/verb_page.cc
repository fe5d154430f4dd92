#include "host/cli/verb_page.h"

#include <algorithm>

#include "host/base/files.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/data/image/draw.h"
#include "host/engine/common/prepare.h"
#include "host/plan/text/plan_json.h"
#include "host/report/report.h"

namespace shoal {
namespace {

// A page stays under 1.5 MB with a plan of many nodes beside the pictures.
constexpr size_t kMostPictureBytes = 600'000, kMostPictures = 48;
constexpr int kMostSide = 320;  // pixels

Picture no_larger(const Picture& picture) {
  const int side = std::max(picture.width, picture.height);
  if (side <= kMostSide) return picture;
  const auto scaled = [&](int size) {
    return std::max(1, static_cast<int>(int64_t{size} * kMostSide / side));
  };
  return resize(picture, scaled(picture.width), scaled(picture.height));
}

}  // namespace

bool PagePictures::is_full() const {
  return pictures_.size() >= kMostPictures || bytes_ >= kMostPictureBytes;
}

void PagePictures::add(std::string title, std::string text,
                       const Picture& picture) {
  PagePicture made{printable(title), std::move(text), {}};
  if (!is_full() && picture.width > 0) {
    made.png = encode_png(no_larger(picture));
  }
  if (is_full() || bytes_ + made.png.size() > kMostPictureBytes) {
    ++left_out_;
    return;
  }
  bytes_ += made.png.size();
  pictures_.push_back(std::move(made));
}

std::vector<std::string> PagePictures::notes() const {
  if (left_out_ == 0) return {};
  return {format_count(static_cast<int64_t>(left_out_)) +
          " more are left out, so that the page stays small"};
}

void write_verb_page(const std::string& file, const EngineReport& report,
                     const Budgets& budgets, Document document,
                     const std::string& trace) {
  if (!report.prepared) return write_file(file, document_page(document));
  const Prepared& p = *report.prepared;
  const bool known = budgets.size() == p.plan.nodes.size();
  const std::string plan =
      plan_json(p.net, p.plan, nullptr, known ? budgets : Budgets{});
  std::vector<ReportFile> drawn{{"plan", plan}};
  if (!trace.empty()) drawn.push_back({"trace", trace});
  write_file(file, report_page(drawn, std::move(document)));
}

}  // namespace shoal

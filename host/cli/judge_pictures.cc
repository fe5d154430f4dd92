#include "host/cli/judge_pictures.h"

#include "host/base/printable.h"
#include "host/cli/common.h"

namespace shoal {

PictureJudge::PictureJudge(JudgeParts parts)
    : flags_(parts.flags),
      graph_(parts.graph),
      head_(std::move(parts.head)),
      labels_(std::move(parts.labels)),
      pictures_(input_options(flags_.pictures)),
      data_(open_pictures(flags_.data)),
      sizes_(static_cast<size_t>(data_->size())) {}

std::vector<uint8_t> PictureJudge::input(int64_t item) {
  PictureSize& size = sizes_[static_cast<size_t>(item)];
  if (!data_->is_picture(item)) {
    size = size_of_values(item);
    return data_->input(graph_, item, pictures_);
  }
  const Picture picture = data_->picture(item);
  size = {picture.width, picture.height};
  check_size(item, size);
  return picture_input(graph_, picture, pictures_);
}

PictureSize PictureJudge::size_of_values(int64_t item) const {
  const PictureSize said = said_size(item);
  if (said.width > 0 && said.height > 0) return said;
  return {head_.width, head_.height};
}

PictureSize PictureJudge::size_of(int64_t item) const {
  const PictureSize known = sizes_[static_cast<size_t>(item)];
  if (known.width > 0) return known;
  const PictureSize said = said_size(item);
  if (said.width > 0 && said.height > 0) return said;
  if (!data_->is_picture(item)) return {head_.width, head_.height};
  const Picture picture = data_->picture(item);
  return {picture.width, picture.height};
}

Placement PictureJudge::placement(PictureSize size) const {
  return placement_of(size.width, size.height, head_.width, head_.height,
                      pictures_.fit);
}

std::string PictureJudge::title_of(int index) const {
  const std::string text = printable(name(index));
  return text.empty() ? std::to_string(index) : text;
}

std::string PictureJudge::name(int index) const {
  const auto at = static_cast<size_t>(index);
  return at < labels_.size() ? labels_[at] : "";
}

}  // namespace shoal

#include "host/data/image/orientation.h"

#include <libexif/exif-data.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace shoal {

int exif_orientation(std::span<const uint8_t> file) {
  const std::unique_ptr<ExifData, void (*)(ExifData*)> data(
      exif_data_new_from_data(file.data(), static_cast<unsigned>(file.size())),
      exif_data_unref);
  if (!data) return 1;
  const ExifEntry* const entry =
      exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
  if (entry == nullptr || entry->format != EXIF_FORMAT_SHORT ||
      entry->components != 1 || entry->size < 2) {
    return 1;
  }
  const int value =
      exif_get_short(entry->data, exif_data_get_byte_order(data.get()));
  return value >= 1 && value <= 8 ? value : 1;
}

Picture upright(Picture in, int orientation) {
  if (orientation <= 1 || orientation > 8) return in;
  const bool turned = orientation >= 5;  // rows become columns
  Picture out{in.width, in.height, std::vector<uint8_t>(in.rgb.size())};
  if (turned) std::swap(out.width, out.height);
  // True if the file's columns, or its rows, run backwards in the picture as
  // seen.
  const bool mirror_x = orientation == 2 || orientation == 3 ||
                        orientation == 7 || orientation == 8;
  const bool mirror_y = orientation == 3 || orientation == 4 ||
                        orientation == 6 || orientation == 7;
  uint8_t* to = out.rgb.data();
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      int column = turned ? y : x;
      int row = turned ? x : y;
      if (mirror_x) column = in.width - 1 - column;
      if (mirror_y) row = in.height - 1 - row;
      const size_t at = (static_cast<size_t>(row) * in.width + column) * 3;
      to = std::copy_n(&in.rgb[at], 3, to);
    }
  }
  return out;
}

}  // namespace shoal

#include "host/data/image/webp.h"

#include <webp/decode.h>
#include <webp/demux.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "host/data/image/orientation.h"

namespace shoal {
namespace {

int orientation_of(std::span<const uint8_t> file) {
  const WebPData data{file.data(), file.size()};
  const std::unique_ptr<WebPDemuxer, void (*)(WebPDemuxer*)> parts(
      WebPDemux(&data), WebPDemuxDelete);
  WebPChunkIterator exif{};
  int orientation = 1;
  if (parts && WebPDemuxGetChunk(parts.get(), "EXIF", 1, &exif) != 0) {
    orientation = exif_orientation({exif.chunk.bytes, exif.chunk.size});
  }
  WebPDemuxReleaseChunkIterator(&exif);
  return orientation;
}

}  // namespace

bool is_riff(std::span<const uint8_t> file, std::string_view kind) {
  const auto holds = [&](size_t at, std::string_view word) {
    return std::ranges::equal(file.subspan(at, word.size()), word);
  };
  return file.size() >= 12 && holds(0, "RIFF") && holds(8, kind);
}

bool is_webp(std::span<const uint8_t> file) { return is_riff(file, "WEBP"); }

std::optional<PictureSize> webp_size(std::span<const uint8_t> file) {
  WebPBitstreamFeatures f{};
  if (WebPGetFeatures(file.data(), file.size(), &f) != VP8_STATUS_OK ||
      f.has_animation != 0) {
    return std::nullopt;
  }
  return PictureSize{f.width, f.height};
}

std::optional<Picture> read_webp(std::span<const uint8_t> file) {
  const std::optional<PictureSize> size = webp_size(file);
  if (!size) return std::nullopt;
  Picture picture{size->width, size->height, {}};
  const int row = size->width * 3;
  picture.rgb.resize(static_cast<size_t>(row) * size->height);
  if (WebPDecodeRGBInto(file.data(), file.size(), picture.rgb.data(),
                        picture.rgb.size(), row) == nullptr) {
    return std::nullopt;
  }
  return upright(std::move(picture), orientation_of(file));
}

}  // namespace shoal

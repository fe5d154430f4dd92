#include "host/data/dataset/gunzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

#include "host/base/error.h"

namespace shoal {

bool is_gzip(std::span<const uint8_t> file) {
  return file.size() >= 2 && file[0] == 0x1F && file[1] == 0x8B;
}

Gunzip::Gunzip(std::span<const uint8_t> file, std::string name)
    : file_(file),
      name_(std::move(name)),
      stream_(std::make_unique<z_stream_s>()) {
  constexpr int kGzipOnly = 16;
  if (inflateInit2(stream_.get(), kGzipOnly + MAX_WBITS) != Z_OK) {
    throw std::bad_alloc();
  }
}

Gunzip::~Gunzip() { inflateEnd(stream_.get()); }

size_t Gunzip::read(std::span<uint8_t> out) {
  constexpr size_t kMost = std::numeric_limits<uInt>::max();
  const auto refuse = [this](const char* why) {
    throw Error(Exit::kCorrupt, name_ + ": " + why, "get the file once more");
  };
  size_t done = 0;
  while (done < out.size() && !ended_) {
    const size_t in = std::min(kMost, file_.size());
    const size_t room = std::min(kMost, out.size() - done);
    stream_->next_in = const_cast<Bytef*>(file_.data());
    stream_->avail_in = static_cast<uInt>(in);
    stream_->next_out = out.data() + done;
    stream_->avail_out = static_cast<uInt>(room);
    const int status = inflate(stream_.get(), Z_NO_FLUSH);
    file_ = file_.subspan(in - stream_->avail_in);
    done += room - stream_->avail_out;
    if (status == Z_STREAM_END) {
      ended_ = true;
      if (!file_.empty()) refuse("bytes after the end of the gzip data");
    } else if (status == Z_BUF_ERROR) {
      refuse("the gzip data are cut off");
    } else if (status != Z_OK) {
      refuse(stream_->msg ? stream_->msg : "broken gzip data");
    }
  }
  return done;
}

}  // namespace shoal

#include "host/data/dataset/testing/idx_files.h"

#include <zlib.h>

#include <stdexcept>

namespace shoal {

std::vector<uint8_t> make_idx(const std::vector<uint32_t>& dims,
                              const std::vector<uint8_t>& values) {
  std::vector<uint8_t> out{0, 0, 8, static_cast<uint8_t>(dims.size())};
  for (const uint32_t d : dims) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      out.push_back(static_cast<uint8_t>(d >> shift));
    }
  }
  out.insert(out.end(), values.begin(), values.end());
  return out;
}

std::vector<uint8_t> gzip(const std::vector<uint8_t>& plain) {
  constexpr int kGzip = 16;
  z_stream s{};
  if (deflateInit2(&s, 9, Z_DEFLATED, kGzip + MAX_WBITS, 9, 0) != Z_OK) {
    throw std::runtime_error("deflateInit2");
  }
  std::vector<uint8_t> out(deflateBound(&s, static_cast<uLong>(plain.size())));
  s.next_in = const_cast<Bytef*>(plain.data());
  s.avail_in = static_cast<uInt>(plain.size());
  s.next_out = out.data();
  s.avail_out = static_cast<uInt>(out.size());
  const int status = deflate(&s, Z_FINISH);
  out.resize(s.total_out);
  deflateEnd(&s);
  if (status != Z_STREAM_END) throw std::runtime_error("deflate");
  return out;
}

}  // namespace shoal

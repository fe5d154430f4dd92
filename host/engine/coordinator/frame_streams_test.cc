// The coordinator's ends of the streams, without nodes: what a node would do
// is done here, byte ranges of any size in any order of the streams.
#include "host/engine/coordinator/frame_streams.h"

#include <gtest/gtest.h>

#include <random>

#include "host/engine/coordinator/testing/small_run.h"

namespace shoal {

struct FrameStreamsProbe {
  static void start_at(FrameStreams& s, uint64_t frame) {
    s.submitted_ = s.sent_ = s.done_ = s.taken_ = frame;
    for (auto* const ends : {&s.targets_, &s.streams_}) {
      for (auto& e : *ends) e.frames = frame;
    }
  }
  static std::vector<uint32_t> target_bytes(const FrameStreams& s) {
    return bytes_of(s.targets_);
  }
  static std::vector<uint32_t> stream_bytes(const FrameStreams& s) {
    return bytes_of(s.streams_);
  }

 private:
  template <class Ends>
  static std::vector<uint32_t> bytes_of(const Ends& ends) {
    std::vector<uint32_t> out;
    for (const auto& e : ends) out.push_back(e.bytes);
    return out;
  }
};

namespace {

constexpr unsigned kFrames = 6;

// All bytes that the streams gave and all results, from a first frame on.
std::vector<uint8_t> pass_frames(const Prepared& p, uint64_t first) {
  FrameStreams s(p, stream_edges(p.plan), 2);
  FrameStreamsProbe::start_at(s, first);
  const auto sizes_out = FrameStreamsProbe::target_bytes(s);
  const auto sizes_in = FrameStreamsProbe::stream_bytes(s);
  const auto offset = [&](uint32_t bytes, uint32_t done) {
    return static_cast<uint32_t>(first * bytes) + done;
  };
  std::vector<uint32_t> out(sizes_out.size()), in(sizes_in.size());
  std::vector<std::vector<uint8_t>> given(out.size());
  std::vector<uint8_t> all;
  std::mt19937 random(7);
  unsigned submitted = 0, got = 0;
  for (int round = 0; got < kFrames && round < 1'000'000; ++round) {
    while (submitted < kFrames && s.free_frames() > 0) {
      s.submit(noise_bytes(kSmallInput, submitted++));
    }
    const auto t = static_cast<uint16_t>(random() % out.size());
    const uint32_t at = offset(sizes_out[t], out[t]);
    const uint32_t some = std::min(s.ready(t) - at, uint32_t(random() % 300));
    std::vector<uint8_t> bytes(some);
    s.read(t, at, bytes.data(), some);
    s.released(t, at + some);
    given[t].insert(given[t].end(), bytes.begin(), bytes.end());
    out[t] += some;

    // Outputs come when their frame's input has gone.
    const auto i = static_cast<uint16_t>(random() % in.size());
    const uint32_t to = offset(sizes_in[i], in[i]);
    uint32_t sent = kFrames;
    for (size_t k = 0; k < out.size(); ++k) {
      sent = std::min(sent, out[k] / sizes_out[k]);
    }
    const uint32_t made = std::min(s.limit(i) - to, sent * sizes_in[i] - in[i]);
    const uint32_t put = std::min(made, uint32_t(random() % 40));
    std::vector<uint8_t> rows(put);
    for (uint32_t k = 0; k < put; ++k) rows[k] = uint8_t(in[i] + k + 31u * i);
    const uint32_t half = put / 2;
    s.place(i, to + half, rows.data() + half, put - half);  // behind a gap
    s.place(i, to, rows.data(), half);
    s.arrived(i, to + put);
    in[i] += put;

    while (const auto result = s.result()) {
      all.insert(all.end(), result->begin(), result->end());
      ++got;
    }
  }
  EXPECT_EQ(got, kFrames);
  for (const auto& g : given) all.insert(all.end(), g.begin(), g.end());
  return all;
}

// The value that a variable has held is there before the frame that it is a
// result of.
TEST(FrameStreams, AResultWaitsForItsFrame) {
  const Prepared p = small_linked(2, "spatial");
  FrameStreams s(p, stream_edges(p.plan), 2);
  const auto sizes = FrameStreamsProbe::stream_bytes(s);
  for (size_t i = 0; i < sizes.size(); ++i) {
    const std::vector<uint8_t> rows(sizes[i], 5);
    s.place(static_cast<uint16_t>(i), 0, rows.data(), sizes[i]);
    s.arrived(static_cast<uint16_t>(i), sizes[i]);
  }
  EXPECT_FALSE(s.result());
  s.submit(noise_bytes(kSmallInput, 1));
  EXPECT_TRUE(s.result());
  EXPECT_FALSE(s.result());
}

// A run of more bytes than offsets count is like any other.
TEST(FrameStreams, OffsetsWrapAround) {
  for (const char* strategy : {"spatial", "kernel"}) {
    const Prepared p = small_linked(3, strategy);
    const std::vector<uint8_t> wanted = pass_frames(p, 0);
    const FrameStreams s(p, stream_edges(p.plan), 2);
    std::vector<uint32_t> sizes = FrameStreamsProbe::target_bytes(s);
    const auto more = FrameStreamsProbe::stream_bytes(s);
    sizes.insert(sizes.end(), more.begin(), more.end());
    for (const uint32_t bytes : sizes) {
      const uint64_t turn = (uint64_t{1} << 32) / bytes;
      EXPECT_EQ(pass_frames(p, turn - 2), wanted) << strategy << " " << bytes;
      EXPECT_EQ(pass_frames(p, 3 * turn), wanted) << strategy << " " << bytes;
    }
  }
}

}  // namespace
}  // namespace shoal

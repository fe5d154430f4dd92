// A gzip file in memory, read as a stream: what comes out of it is as large
// as its reader asks for, whatever the file would like.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

struct z_stream_s;

namespace shoal {

// Bytes that deflate can make of one, at most.
constexpr int64_t kMostInflation = 1032;

bool is_gzip(std::span<const uint8_t> file);

class Gunzip {
 public:
  // The bytes must outlive it. `name` is for messages.
  Gunzip(std::span<const uint8_t> file, std::string name);
  ~Gunzip();
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  // Returns the next bytes; fewer than asked for only at the end. Throws
  // Error(kCorrupt) for what is no gzip, is cut off or has a wrong checksum.
  size_t read(std::span<uint8_t> out);

 private:
  std::span<const uint8_t> file_;
  std::string name_;
  std::unique_ptr<z_stream_s> stream_;
  bool ended_ = false;
};

}  // namespace shoal

#include "device/runtime/storage/reader.h"

namespace shoal {
namespace {

// A read that fails is repeated twice.
constexpr uint8_t kAttempts = 3;

}  // namespace

Reader::Reader(const shoal_storage* storage) {
  if (!storage) return;
  storage_ = *storage;
  counted_ = {this, read, poll_storage, storage_.write ? write : nullptr,
              storage_.erase ? erase : nullptr};
}

int Reader::read(void* self, uint32_t offset, uint32_t bytes, void* to) {
  Reader& r = *static_cast<Reader*>(self);
  const int answer = r.storage_.read(r.storage_.user, offset, bytes, to);
  if (answer == 0) ++r.counts.reads, r.counts.read_bytes += bytes;
  return answer;
}

int Reader::poll_storage(void* self) {
  const shoal_storage& s = static_cast<Reader*>(self)->storage_;
  return s.poll(s.user);
}

int Reader::write(void* self, uint32_t offset, uint32_t bytes,
                  const void* from) {
  Reader& r = *static_cast<Reader*>(self);
  const int answer = r.storage_.write(r.storage_.user, offset, bytes, from);
  if (answer == 0) ++r.counts.writes, r.counts.written_bytes += bytes;
  return answer;
}

int Reader::erase(void* self, uint32_t offset, uint32_t bytes) {
  Reader& r = *static_cast<Reader*>(self);
  const int answer = r.storage_.erase(r.storage_.user, offset, bytes);
  if (answer == 0) ++r.counts.erases;
  return answer;
}

Status Reader::start(uint32_t offset, uint32_t bytes, uint8_t* to) {
  offset_ = offset, bytes_ = bytes, to_ = to;
  attempts_ = 0;
  return ask();
}

Status Reader::ask() {
  for (; attempts_ < kAttempts; ++attempts_) {
    if (attempts_ > 0) ++counts.retries;
    if (read(this, offset_, bytes_, to_) == 0) {
      busy_ = true;
      return Status::kWait;
    }
  }
  return Status::kStorage;
}

Status Reader::poll() {
  const int answer = storage_.poll(storage_.user);
  if (answer == 0) return Status::kWait;
  busy_ = false;
  if (answer > 0) return Status::kOk;
  ++attempts_;
  return ask();
}

}  // namespace shoal

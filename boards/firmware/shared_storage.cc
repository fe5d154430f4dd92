#include "boards/firmware/shared_storage.h"

namespace shoal {

SharedStorage::SharedStorage(const shoal_storage& hardware)
    : hardware_(hardware) {
  for (Part& p : parts_) {
    p.storage = this;
    p.face = {&p, &SharedStorage::read, &SharedStorage::poll,
              &SharedStorage::write, &SharedStorage::erase};
  }
}

void SharedStorage::set_part(Reader reader, uint32_t first, uint32_t bytes) {
  parts_[reader].first = first;
  parts_[reader].bytes = bytes;
}

int SharedStorage::read(void* user, uint32_t offset, uint32_t bytes, void* to) {
  Part& p = *static_cast<Part*>(user);
  const int refused = queue(p, Operation::kRead, offset, bytes);
  if (!refused) p.destination = to;
  return refused;
}

int SharedStorage::write(void* user, uint32_t offset, uint32_t bytes,
                         const void* from) {
  Part& p = *static_cast<Part*>(user);
  const int refused = queue(p, Operation::kWrite, offset, bytes);
  if (!refused) p.source = from;
  return refused;
}

int SharedStorage::erase(void* user, uint32_t offset, uint32_t bytes) {
  return queue(*static_cast<Part*>(user), Operation::kErase, offset, bytes);
}

int SharedStorage::queue(Part& p, Operation operation, uint32_t offset,
                         uint32_t bytes) {
  if (p.state == State::kQueued || p.state == State::kUnderWay) return -1;
  if (offset > p.bytes || bytes > p.bytes - offset) return -1;
  p.operation = operation;
  p.offset = p.first + offset;
  p.wanted = bytes;
  p.state = State::kQueued;
  return 0;
}

int SharedStorage::begin(const Part& p) const {
  const shoal_storage& h = hardware_;
  switch (p.operation) {
    case Operation::kWrite:
      return h.write ? h.write(h.user, p.offset, p.wanted, p.source) : -1;
    case Operation::kErase:
      return h.erase ? h.erase(h.user, p.offset, p.wanted) : -1;
    default:
      return h.read(h.user, p.offset, p.wanted, p.destination);
  }
}

// Moves the operation under way on, or else starts one that waits.
void SharedStorage::advance() {
  Part* under_way = nullptr;
  for (Part& p : parts_) {
    if (p.state == State::kUnderWay) under_way = &p;
  }
  for (Part& p : parts_) {
    if (under_way || p.state != State::kQueued) continue;
    const int refused = begin(p);
    p.state = refused ? State::kFailed : State::kUnderWay;
    if (!refused) under_way = &p;
  }
  if (!under_way) return;
  const int answer = hardware_.poll(hardware_.user);
  if (answer == 0) return;
  Part& p = *under_way;
  p.state = answer > 0 ? State::kDone : State::kFailed;
  if (answer > 0 && p.operation == Operation::kRead) p.read += p.wanted;
}

int SharedStorage::poll(void* user) {
  Part& p = *static_cast<Part*>(user);
  if (p.state == State::kQueued || p.state == State::kUnderWay) {
    p.storage->advance();
  }
  switch (p.state) {
    case State::kDone:
      p.state = State::kIdle;
      return 1;
    case State::kIdle:
    case State::kFailed:
      return -1;
    default:
      return 0;
  }
}

}  // namespace shoal

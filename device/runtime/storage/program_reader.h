// Reads a program that is not mapped, piece by piece: the header, the head,
// record after record. Every piece is checked before the next one is asked
// for, and read once more if what came is wrong.
#pragma once

#include "device/runtime/storage/store.h"

namespace shoal {

class ProgramReader {
 public:
  // Must outlive this.
  explicit ProgramReader(Store& store) : store_(store) {}

  // The head, then the record of stage 0; from then on one record each. kWait:
  // step() until kOk, when state.ports.stage is the record.
  Status start();
  Status start_record(uint16_t stage);
  Status step();

  // Makes the key of the store from numbers that are not authenticated yet:
  // with a wrong key nothing opens.
  void set_key(const Header&);

 private:
  enum class Piece : uint8_t { kHeader, kHead, kRecord };

  Status read(Piece, uint32_t offset, uint32_t bytes, uint8_t* to);
  Status read_failed(Status);
  Status read_header();
  Status head_failed(const Fault&);
  Status header_there();
  Status head_there();
  Status record_there();

  NodeState& node() const { return store_.node; }

  Store& store_;
  Piece piece_ = Piece::kHeader;
  bool again_ = false;  // it has been read a second time
};

}  // namespace shoal

// The storage part of a node: the program that is read, weights on their way,
// spills.
#pragma once

#include "device/runtime/modules.h"
#include "device/runtime/storage/program_reader.h"
#include "device/runtime/storage/spills.h"
#include "device/runtime/storage/store.h"
#include "device/runtime/storage/weights.h"

namespace shoal {

class NodeStorage final : public StorageModule {
 public:
  NodeStorage(NodeState&, const shoal_storage*);

  Status read_program() override;
  void read_kept() override;
  Status load() override;
  bool loading() const override { return loading_ || spills_.busy(); }
  Status open_spills() override { return spills_.open(); }
  Status recover() override { return spills_.recover(); }
  void begin_frame() override { spills_.begin_frame(); }
  Status read_record() override;
  Status enter() override { return program_.step(); }
  void begin_stage() override;
  Status step() override;
  Status use(const ActorRecord& a, const ChunkRecord& c,
             const uint8_t*& bytes) override {
    return weights_.use(a, c, bytes);
  }
  bool busy() const override { return store_.reader.busy() || spills_.busy(); }
  void stepped(Status) override;
  const shoal_storage_counters& counters() const override {
    return store_.reader.counts;
  }

 private:
  void keep(uint16_t stage);
  Status keep_on();

  NodeState& node() const { return store_.node; }

  Store store_;
  Spills spills_{store_};
  Weights weights_{store_, spills_};
  ProgramReader program_{store_};
  bool loading_ = false;
  bool keeping_ = false;  // weights that stay, of a record that is there
  bool waiting_ = false;  // for storage, in the last step
};

}  // namespace shoal

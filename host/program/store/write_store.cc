#include "host/program/store/write_store.h"

#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "device/program/vault.h"
#include "device/storage/directory.h"
#include "device/storage/ledger.h"
#include "host/base/entropy.h"
#include "host/base/error.h"
#include "host/base/hex.h"
#include "host/plan/text/does_not_fit.h"
#include "host/program/emit/emit.h"
#include "host/program/store/open_store.h"
#include "host/program/store/spill_place.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

// Two stores that are sealed with one key at the same addresses must be of two
// generations, or nonces would come twice. Others may be reproducible.
uint64_t new_generation(bool sealed) {
  uint8_t bytes[8]{};
  if (sealed) system_entropy(bytes);
  uint64_t value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

uint64_t round_up(uint64_t value, uint64_t to) {
  return (value + to - 1) / to * to;
}

class NodeWriter {
 public:
  NodeWriter(Disk& disk, const StoreFolder& folder, const Plan& plan,
             size_t index, const Emitter& emitter, const StoreOptions& options)
      : disk_(disk),
        folder_(folder),
        node_(plan.nodes[index]),
        index_(static_cast<uint16_t>(index)),
        file_(folder.file(node_.name)),
        emitter_(emitter) {
    if (options.key) key_ = node_store_key(*options.key, index_);
    d_.nodes = static_cast<uint16_t>(plan.nodes.size());
  }

  StoredNode write() {
    const std::vector<uint8_t> program = emitter_.program(index_, key());
    Header h;
    std::memcpy(&h, program.data(), sizeof h);
    fill_directory(h);
    DiskFile file = create(".store");
    folder_.set_size(file, d_.total_bytes);
    file.put(0, {reinterpret_cast<const uint8_t*>(&d_), sizeof d_});
    file.put(d_.program, program);
    emitter_.tape(index_, key(),
                  [&](uint32_t offset, std::span<const uint8_t> bytes) {
                    file.put(uint64_t{d_.program} + offset, bytes);
                  });
    if (area_) {
      file.put(d_.spill, first_ledger(*area_, h, index_, key()));
    }
    folder_.sync(file);
    file.close();
    const bool mapped = !(h.flags & kImageUnmapped);
    if (mapped) write_program(program);
    return description(h, mapped);
  }

 private:
  DiskFile create(const char* ending) const {
    return {disk_, folder_.path(file_ + ending), O_WRONLY | O_CREAT | O_TRUNC};
  }

  void write_program(const std::vector<uint8_t>& program) const {
    DiskFile file = create(".program");
    file.append(program);
    folder_.sync(file);
    file.close();
  }

  const uint8_t* key() const { return key_ ? key_->data() : nullptr; }

  void fill_directory(const Header& h) {
    d_.magic = kDirectoryMagic;
    d_.version = kDirectoryVersion;
    d_.node = index_;
    std::memcpy(d_.board, node_.board.data(),
                std::min(node_.board.size(), sizeof d_.board));
    d_.generation = h.generation;
    d_.generation_high = h.generation_high;
    const Storage* const part = storage_of(node_);
    const bool spills = node_.spill_pages > 0;
    const uint64_t block = spills ? node_.spill_page_bytes : kAlign;
    const uint64_t program = round_up(sizeof d_, block);
    uint64_t end = program + h.image_bytes;
    if (part) area_ = spill_place(node_, *part, h.image_bytes);
    if (area_) {
      end = program + area_->offset + area_->bytes;
      d_.spill = static_cast<uint32_t>(program + area_->offset);
      d_.spill_bytes = area_->bytes;
      d_.spill_erase_bytes = area_->erase_bytes;
      d_.spill_write_bytes = area_->write_bytes;
    }
    const auto most =
        part ? std::min<int64_t>(part->capacity_bytes, 0x7FFFFFFF) : 0x7FFFFFFF;
    check_storage("the store of node " + node_.name, static_cast<int64_t>(end),
                  part ? part->name : "a store", most);
    d_.total_bytes = static_cast<uint32_t>(end);
    d_.program = static_cast<uint32_t>(program);
    d_.image_bytes = h.image_bytes;
    std::memcpy(d_.plan_id, h.plan_id, sizeof d_.plan_id);
    std::memcpy(d_.store_id, h.store_id, sizeof d_.store_id);
    std::memcpy(d_.hash, h.hash, sizeof d_.hash);
    seal_directory(d_);
  }

  StoredNode description(const Header& h, bool mapped) const {
    StoredNode n;
    n.name = node_.name;
    n.file = file_;
    n.board = node_.board;
    n.storage = node_.storage;
    n.arena_bytes = h.arena_bytes;
    n.stages = h.stages;
    n.mapped = mapped;
    n.hash = to_hex(h.hash);
    n.store_id = to_hex(h.store_id);
    n.store_bytes = d_.total_bytes;
    n.storage_read_bytes = node_.storage_read_bytes;
    n.storage_written_bytes = node_.storage_written_bytes;
    return n;
  }

  Disk& disk_;
  const StoreFolder& folder_;
  const PlanNode& node_;
  const uint16_t index_;
  const std::string file_;
  const Emitter& emitter_;
  std::optional<SharedKey> key_;
  std::optional<shoal_spill_area> area_;
  Directory d_{};
};

}  // namespace

const Storage* storage_of(const PlanNode& node) {
  const Board& board = find_board(node.board);
  if (board.storages.empty()) return nullptr;
  return &find_storage(board, node.storage);
}

FileLock own_store(const std::string& folder, const LockRequest& request) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (!fs::is_directory(folder, failed)) {
    throw Error(Exit::kUsage, folder + ": the folder cannot be made");
  }
  return {(fs::path(folder) / kStoreLockFile).string(), LockMode::kExclusive,
          folder + ": the store", request};
}

StoreInfo write_store(const FileLock&, const std::string& folder,
                      const Graph& graph, const Net& net, const Plan& plan,
                      const StoreOptions& options, Lifetime lifetime,
                      Disk& disk) {
  StoreInfo info;
  set_ends(info, graph, net);
  info.labels = options.labels;
  info.detection = options.detection;
  info.sealed = options.key.has_value();
  info.linked = plan.linked;
  info.generation =
      options.generation ? *options.generation : new_generation(info.sealed);
  const Emitter emitter(net, plan, info.generation);
  StoreFolder place(disk, folder, lifetime);
  try {
    std::vector<std::string> names;
    for (const PlanNode& node : plan.nodes) names.push_back(node.name);
    place.begin(names);
    for (size_t n = 0; n < plan.nodes.size(); ++n) {
      NodeWriter writer(disk, place, plan, n, emitter, options);
      info.nodes.push_back(writer.write());
    }
    place.commit(format_store_info(info, options.key));
  } catch (...) {
    place.give_up();
    throw;
  }
  return info;
}

}  // namespace shoal

#include "host/program/store/open_store.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "device/keys/hmac.h"
#include "device/program/tag.h"
#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/hex.h"
#include "host/base/size.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kMostInfoBytes = 64 << 20;

[[noreturn]] void refuse(const std::string& file, const std::string& what,
                         Exit code = Exit::kCorrupt, std::string fix = {}) {
  throw Error(code, file + ": " + what, std::move(fix));
}

std::string missing_fix() { return "`shoal build MODEL --store DIR` makes it"; }

// Returns the file's size; it must be there.
uintmax_t size_of(const std::string& path) {
  std::error_code error;
  const uintmax_t bytes = fs::file_size(path, error);
  if (error) refuse(path, "no such store", Exit::kUsage, missing_fix());
  return bytes;
}

std::string fault_text(DirectoryFault fault, const Directory& d,
                       const std::string& board) {
  switch (fault) {
    case DirectoryFault::kTooShort:
      return "shorter than a directory";
    case DirectoryFault::kNoMagic:
      return "not a store";
    case DirectoryFault::kVersion:
      return "a store of version " + std::to_string(d.version) +
             ", this reads version " + std::to_string(kDirectoryVersion);
    case DirectoryFault::kDamaged:
      return "its directory is damaged";
    case DirectoryFault::kOtherBoard:
      return "made for another board than " + board;
    case DirectoryFault::kTooLong:
      return "cut off: it has " + format_count(d.total_bytes) +
             " bytes by its directory";
    case DirectoryFault::kNumbers:
      return "the numbers in its directory make no sense";
    case DirectoryFault::kNone:
      break;
  }
  return "";
}

// Bytes [from, from + to.size()) of the file.
void read_part(const std::string& path, uint64_t from, std::span<uint8_t> to) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(from));
  file.read(reinterpret_cast<char*>(to.data()),
            static_cast<std::streamsize>(to.size()));
  if (!file) refuse(path, "the file is cut off");
}

}  // namespace

StoreInfo read_store_info(const std::string& folder,
                          const std::optional<SharedKey>& key) {
  const std::string path = (fs::path(folder) / kStoreInfoFile).string();
  if (size_of(path) > kMostInfoBytes) refuse(path, "the file is too long");
  const std::vector<uint8_t> bytes = read_file(path);
  return parse_store_info(path, std::string(bytes.begin(), bytes.end()), key);
}

StoreAccess access_store(const std::string& folder,
                         const std::optional<SharedKey>& key,
                         const LockRequest& request) {
  const auto mode_of = [](const StoreInfo& info) {
    return std::any_of(
               info.nodes.begin(), info.nodes.end(),
               [](const StoredNode& n) { return n.storage_written_bytes > 0; })
               ? LockMode::kExclusive
               : LockMode::kShared;
  };
  // It may have been built again before the lock was taken.
  LockMode mode = mode_of(read_store_info(folder, key));
  for (;;) {
    FileLock lock((fs::path(folder) / kStoreLockFile).string(), mode,
                  folder + ": the store", request);
    StoreInfo info = read_store_info(folder, key);
    if (mode_of(info) == mode) return {std::move(lock), std::move(info)};
    mode = mode_of(info);
  }
}

SharedKey node_store_key(const SharedKey& key, uint16_t node) {
  uint8_t info[] = "shoal node store\0";
  info[sizeof info - 3] = static_cast<uint8_t>(node);
  info[sizeof info - 2] = static_cast<uint8_t>(node >> 8);
  SharedKey own;
  static_assert(sizeof own == kHmacBytes);
  hmac_sha256(key.data(), static_cast<uint32_t>(key.size()), info, sizeof info,
              own.data());
  return own;
}

OpenStore::OpenStore(const std::string& folder, const StoreInfo& info,
                     size_t node, const std::optional<SharedKey>& key,
                     Lifetime lifetime, Disk& disk)
    : info_(info), node_(info.nodes.at(node)), index_(node) {
  const fs::path base = fs::path(folder) / node_.file;
  const std::string store = base.string() + ".store";
  check_directory_file(store);
  if (node_.mapped) read_program(base.string() + ".program");
  check_program(store);
  const Directory& d = directory_;
  if ((d.spill_bytes > 0) != (node_.storage_written_bytes > 0)) {
    refuse(store, std::string("whether it spills is not what ") +
                      kStoreInfoFile + " says");
  }
  if (d.spill_bytes) {
    spill_ = {d.spill - d.program, d.spill_bytes, d.spill_erase_bytes,
              d.spill_write_bytes};
  }
  const uint32_t end = spill_ ? spill_->offset + spill_->bytes : d.image_bytes;
  storage_ = std::make_unique<FileStorage>(
      store, d.program, std::max(end, d.image_bytes), spill_, lifetime, disk);
  if (key) key_ = node_store_key(*key, static_cast<uint16_t>(node));
}

void OpenStore::check_directory_file(const std::string& path) {
  const uintmax_t bytes = size_of(path);
  uint8_t head[sizeof(Directory)];
  const auto there =
      static_cast<uint32_t>(std::min<uintmax_t>(bytes, sizeof head));
  read_part(path, 0, {head, there});
  const DirectoryFault fault =
      check_directory(head, there, bytes, node_.board.c_str(), directory_);
  if (fault != DirectoryFault::kNone) {
    refuse(
        path, fault_text(fault, directory_, node_.board),
        fault == DirectoryFault::kOtherBoard ? Exit::kUsage : Exit::kCorrupt);
  }
  const Directory& d = directory_;
  if (bytes != d.total_bytes) {
    refuse(path, format_count(static_cast<int64_t>(bytes)) + " bytes, " +
                     format_count(d.total_bytes) + " by its directory");
  }
  if (node_.store_bytes != d.total_bytes) {
    refuse(path, format_count(d.total_bytes) + " bytes, " +
                     format_count(node_.store_bytes) + " by " + kStoreInfoFile);
  }
  if (d.node != index_ || d.nodes != info_.nodes.size()) {
    refuse(path, "the store of node " + std::to_string(d.node) + " of " +
                     std::to_string(d.nodes) + ", not of " +
                     std::to_string(index_) + " of " +
                     std::to_string(info_.nodes.size()));
  }
  if (generation_of(d) != info_.generation) {
    refuse(path, "of generation " + hex_number(generation_of(d)) + ", not " +
                     hex_number(info_.generation));
  }
  if (to_hex(d.hash) != node_.hash || to_hex(d.store_id) != node_.store_id) {
    refuse(path, "it is the store of another plan");
  }
}

void OpenStore::read_program(const std::string& path) {
  const uintmax_t bytes = size_of(path);
  if (bytes < sizeof(Header) || bytes > directory_.image_bytes) {
    refuse(path, format_count(static_cast<int64_t>(bytes)) +
                     " bytes are no program of this store");
  }
  program_bytes_ = static_cast<uint32_t>(bytes);
  program_.resize((program_bytes_ + kAlign - 1) / kAlign);
  read_part(path, 0, {program_[0].bytes, program_bytes_});
}

std::span<const uint8_t> OpenStore::program() const {
  if (program_.empty()) return {};
  return {program_[0].bytes, program_bytes_};
}

// The program part has the hash that store.json names, wherever it lies.
void OpenStore::check_program(const std::string& store_path) {
  std::vector<Block> stored;  // of a node that reads it piece by piece
  const uint8_t* part = program_.empty() ? nullptr : program_[0].bytes;
  Header h;
  if (part) {
    std::memcpy(&h, part, sizeof h);
  } else {
    if (directory_.image_bytes < sizeof h)
      refuse(store_path, "it holds no program");
    read_part(store_path, directory_.program,
              {reinterpret_cast<uint8_t*>(&h), sizeof h});
  }
  const bool right = h.magic == kImageMagic && is_known_version(h.version) &&
                     h.program_bytes <= directory_.image_bytes &&
                     h.program_bytes >= h.head_bytes &&
                     h.head_bytes >= sizeof h + kTagBytes &&
                     (!part || h.program_bytes == program_bytes_) &&
                     h.arena_bytes == node_.arena_bytes;
  if (!right) refuse(store_path, "it is not the program of this store");
  if (!part) {
    stored.resize((h.program_bytes + kAlign - 1) / kAlign);
    read_part(store_path, directory_.program,
              {stored[0].bytes, h.program_bytes});
    part = stored[0].bytes;
  }
  uint8_t hash[32];
  make_image_hash(part, h.program_bytes, h.head_bytes, hash);
  if (to_hex(hash) != node_.hash) {
    refuse(store_path, "its program was changed, or is another plan's");
  }
}

NodeSource OpenStore::source() const {
  NodeSource s;
  s.mapped = program();
  s.storage = storage_.get();
  s.store_id = directory_.store_id;
  s.key = key_ ? key_->data() : nullptr;
  s.spill_area = spill_ ? &*spill_ : nullptr;
  s.layers = info_.layers;
  return s;
}

}  // namespace shoal

// Opens a store that was built elsewhere: any text as store.json, and any
// NODE.store with any NODE.program. An accepted description is written and read
// again as the same; an accepted store keeps all of its storage inside the
// file, and nothing but its spill area is ever written.
//
// The input is one byte of flags. 1: the rest is store.json; 2: tags and hashes
// are made right; 4: there is a key; 8: there is a NODE.program, whose length
// are two bytes and which comes before the bytes of NODE.store.
#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "device/keys/hmac.h"
#include "device/program/tag.h"
#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/hex.h"
#include "host/base/temporary_folder.h"
#include "host/oracle/golden/checksum.h"
#include "host/program/store/open_store.h"

namespace {

using namespace shoal;
using Bytes = std::vector<uint8_t>;

constexpr SharedKey kKey{1, 2, 3};

void expect(bool ok) {
  if (!ok) __builtin_trap();
}

void make_tag_right(std::string& text, const std::optional<SharedKey>& key) {
  constexpr size_t kDigits = 64;
  const std::string field = "\"tag\": \"";
  size_t at = text.rfind(field);
  if (at == std::string::npos) return;
  at += field.size();
  if (text.size() - at < kDigits) return;
  text.replace(at, kDigits, kDigits, '0');
  const std::string all = "shoal store.json " + text;
  const auto* const bytes = reinterpret_cast<const uint8_t*>(all.data());
  uint8_t mac[kHmacBytes];
  if (key) {
    hmac_sha256(key->data(), static_cast<uint32_t>(key->size()), bytes,
                static_cast<uint32_t>(all.size()), mac);
  }
  text.replace(at, kDigits,
               key ? to_hex(mac) : sha256_hex({bytes, all.size()}));
}

void try_info(std::string text, uint8_t flags) {
  const auto key = flags & 4 ? std::optional(kKey) : std::nullopt;
  if (flags & 2) make_tag_right(text, key);
  StoreInfo info;
  try {
    info = parse_store_info("store.json", text, key);
  } catch (const Error&) {
    return;
  }
  for (const Tensor& t : info.graph.tensors) {
    expect(std::isfinite(t.scale()));
  }
  for (const StoredNode& n : info.nodes) {
    expect(std::filesystem::path(n.name).filename() == n.name);
  }
  const std::string again = format_store_info(info, key);
  expect(format_store_info(parse_store_info("again", again, key), key) ==
         again);
}

// All that tags, hashes and store.json must say for the store to be taken; its
// offsets and sizes stay as they are.
void make_right(Bytes& store, Bytes& program, StoreInfo& info) {
  Directory d;
  if (store.size() < sizeof d) return;
  std::memcpy(&d, store.data(), sizeof d);
  d.magic = kDirectoryMagic, d.version = kDirectoryVersion;
  d.node = 0, d.nodes = 1;
  d.total_bytes = static_cast<uint32_t>(store.size());
  std::memset(d.board, 0, sizeof d.board);
  Bytes& in = program.empty() ? store : program;
  const size_t at = program.empty() ? d.program : 0;
  Header h;
  if (at <= in.size() && in.size() - at >= sizeof h) {
    std::memcpy(&h, &in[at], sizeof h);
    h.magic = kImageMagic, h.version = kImageVersion;
    std::memcpy(&in[at], &h, sizeof h);
    info.nodes[0].arena_bytes = h.arena_bytes;
    if (h.program_bytes <= in.size() - at && h.head_bytes <= h.program_bytes &&
        h.head_bytes >= sizeof h + kTagBytes) {
      make_image_hash(&in[at], h.program_bytes, h.head_bytes, d.hash);
    }
  }
  seal_directory(d);
  std::memcpy(store.data(), &d, sizeof d);
  info.generation = generation_of(d);
  info.nodes[0].store_bytes = d.total_bytes;
  info.nodes[0].storage_written_bytes = d.spill_bytes;
  info.nodes[0].hash = to_hex(d.hash);
  info.nodes[0].store_id = to_hex(d.store_id);
}

bool finish(HostStorage& s) {
  s.wait();
  return s.storage().poll(s.storage().user) == 1;
}

// Reads all, asks for more than there is, and erases at the spill area's ends.
void use(const OpenStore& open, const Bytes& store, const std::string& path) {
  const NodeSource source = open.source();
  const shoal_storage& s = source.storage->storage();
  const Directory& d = open.directory();
  const uint32_t bytes = source.storage->bytes();
  expect(uint64_t{d.program} + bytes <= store.size() && bytes > 0);
  Bytes read(bytes);
  expect(s.read(s.user, 0, bytes, read.data()) == 0);
  expect(finish(*source.storage));
  expect(std::equal(read.begin(), read.end(), store.begin() + d.program));
  expect(s.read(s.user, bytes, 1, read.data()) != 0);
  expect(s.read(s.user, 0xFFFFFFFF, 2, read.data()) != 0);
  expect(!s.write == !source.spill_area && !s.erase == !source.spill_area);
  if (const shoal_spill_area* area = source.spill_area) {
    const uint32_t block = area->erase_bytes;
    const int64_t from = area->offset, to = from + area->bytes;
    for (const int64_t at :
         {int64_t{0}, from - block, from, to - block, to, to + block}) {
      if (at < 0) continue;
      const bool inside = at >= from && at + block <= to;
      const bool taken = s.erase(s.user, static_cast<uint32_t>(at), block) == 0;
      expect(taken == inside && (!taken || finish(*source.storage)));
    }
  }
  const Bytes after = read_file(path);
  expect(after.size() == store.size());
  for (size_t i = 0; i < after.size(); ++i) {
    expect(after[i] == store[i] ||
           (i >= d.spill && i - d.spill < d.spill_bytes));
  }
}

void try_store(const uint8_t* data, size_t size, uint8_t flags) {
  static const TemporaryFolder folder;
  const std::string base = (folder.path() / "n").string();
  const bool mapped = flags & 8;
  Bytes program;
  if (mapped) {
    if (size < 2) return;
    const size_t bytes = std::min<size_t>(data[0] | data[1] << 8, size - 2);
    program.assign(data + 2, data + 2 + bytes);
    data += 2 + bytes, size -= 2 + bytes;
  }
  Bytes store(data, data + size);
  StoreInfo info;
  info.nodes.resize(1);
  info.nodes[0].name = info.nodes[0].file = "n";
  info.nodes[0].mapped = mapped;
  if (flags & 2) make_right(store, program, info);
  write_file(base + ".store", store);
  if (mapped) write_file(base + ".program", program);
  const auto key = flags & 4 ? std::optional(kKey) : std::nullopt;
  try {
    const OpenStore open(folder.path().string(), info, 0, key);
    expect(open.source().mapped.size() == program.size());
    expect(!open.source().key == !key);
    use(open, store, base + ".store");
  } catch (const Error& e) {
    expect(e.code() == Exit::kCorrupt || e.code() == Exit::kUsage);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  if (data[0] & 1) {
    try_info(std::string(data + 1, data + size), data[0]);
  } else {
    try_store(data + 1, size - 1, data[0]);
  }
  return 0;
}

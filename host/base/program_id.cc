#include "host/base/program_id.h"

#include <elf.h>
#include <link.h>

#include <cstdint>
#include <cstring>
#include <span>

#include "host/base/hex.h"

namespace shoal {
namespace {

// Returns the build id among the notes; a note is a head, a name and a value,
// both padded to words.
std::string build_id(std::span<const uint8_t> notes) {
  const auto padded = [](uint32_t bytes) { return (size_t{bytes} + 3) & ~3u; };
  ElfW(Nhdr) head;
  while (notes.size() >= sizeof head) {
    std::memcpy(&head, notes.data(), sizeof head);
    const size_t name = sizeof head, value = name + padded(head.n_namesz);
    if (value + padded(head.n_descsz) > notes.size()) break;
    if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 &&
        std::memcmp(notes.data() + name, "GNU", 4) == 0) {
      return to_hex(notes.subspan(value, head.n_descsz));
    }
    notes = notes.subspan(value + padded(head.n_descsz));
  }
  return {};
}

// Returns whether this code lies in the object: it may be a part of a shared
// library that another program has loaded.
bool has_this_code(const dl_phdr_info& object) {
  const auto here = reinterpret_cast<uintptr_t>(&build_id);
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = object.dlpi_phdr[i];
    const uintptr_t begin = object.dlpi_addr + part.p_vaddr;
    if (part.p_type == PT_LOAD && here - begin < part.p_memsz) return true;
  }
  return false;
}

// Looks for the object of this code: 1 ends the walk.
int look(dl_phdr_info* object, size_t, void* found) {
  if (!has_this_code(*object)) return 0;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = object->dlpi_phdr[i];
    if (part.p_type != PT_NOTE) continue;
    const auto* at =
        reinterpret_cast<const uint8_t*>(object->dlpi_addr + part.p_vaddr);
    std::string id = build_id({at, part.p_memsz});
    if (id.empty()) continue;
    *static_cast<std::string*>(found) = std::move(id);
    break;
  }
  return 1;
}

}  // namespace

const std::string& program_id() {
  static const std::string kId = [] {
    std::string id;
    dl_iterate_phdr(&look, &id);
    return id;
  }();
  return kId;
}

}  // namespace shoal

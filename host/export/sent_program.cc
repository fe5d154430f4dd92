#include "host/export/sent_program.h"

#include <algorithm>
#include <cstring>

#include "device/alone/sent.h"
#include "device/program/image.h"
#include "device/program/sha256.h"
#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/plan/text/op_names.h"

namespace shoal {
namespace {

uint64_t bits_of(const std::set<OpCode>& kinds) {
  uint64_t bits = 0;
  for (const OpCode kind : kinds) {
    bits |= uint64_t{1} << (static_cast<int>(kind) - 1);
  }
  return bits;
}

void put_text(char* to, size_t room, const std::string& text) {
  std::memcpy(to, text.data(), std::min(text.size(), room - 1));
}

void check_operators(const Needs& needs, const alone::ProgramRoom& room,
                     const std::string& where) {
  std::string lacks;
  const auto add = [&](const std::string& name) {
    lacks += (lacks.empty() ? "" : ", ") + name;
  };
  const auto find = [&](const std::set<OpCode>& kinds, uint64_t linked,
                        const char* more) {
    for (const OpCode kind : kinds) {
      if (linked >> (static_cast<int>(kind) - 1) & 1) continue;
      add(layer_op_name(kind) + std::string(more));
    }
  };
  find(needs.kinds, room.kinds, "");
  find(needs.wide, room.wide, " of int16");
  if (needs.int4 && !(room.flags & alone::ProgramRoom::kInt4)) {
    add("weights of int4");
  }
  if (lacks.empty()) return;
  throw Error(Exit::kUnsupported,
              where + " was built without what the program needs: " + lacks,
              "export a project that has it, such as with --also, and flash "
              "it");
}

void check_room(const std::string& where, const std::string& what,
                int64_t needs, int64_t has, const std::string& fix) {
  if (needs <= has) return;
  throw Error(Exit::kDoesNotFit,
              where + ": " + what + " " + format_bytes(needs) +
                  ", the board has room for " + format_bytes(has),
              fix);
}

}  // namespace

std::vector<uint8_t> sent_program(const ExportedNetwork& n, const Needs& needs,
                                  const alone::ProgramRoom& room,
                                  const std::string& board,
                                  const std::string& where) {
  if (room.arithmetic != kArithmetic) {
    throw Error(Exit::kUnsupported,
                where + " computes as another version of shoal does",
                "export the project again with this shoal, and flash it");
  }
  check_operators(needs, room, where);
  std::string labels;
  for (const std::string& label : n.labels) labels += printable(label) + "\n";
  SentHead h{};
  h.magic = kSentMagic;
  h.version = kSentVersion;
  h.flags = needs.int4 ? kSentInt4 : uint16_t{0};
  put_text(h.board, sizeof h.board + 1, board);
  std::memcpy(h.replaces, room.replaces, sizeof h.replaces);
  Sha256 sha;
  sha.add(n.image.data(), n.image.size());
  uint8_t hash[alone::kHashBytes];
  if (!sha.finish(hash)) throw Error(Exit::kInternal, "no SHA-256");
  std::memcpy(h.program, hash, sizeof h.program);
  put_text(h.name, sizeof h.name, n.name);
  h.image_bytes = static_cast<uint32_t>(n.image.size());
  h.description_bytes = static_cast<uint32_t>(n.description.size());
  h.label_bytes = static_cast<uint32_t>(labels.size());
  h.arena_bytes = n.arena_bytes;
  h.variable_bytes = n.variable_bytes;
  h.inputs = static_cast<uint16_t>(n.inputs);
  h.outputs = static_cast<uint16_t>(n.outputs);
  h.kinds = bits_of(needs.kinds);
  h.wide = bits_of(needs.wide);
  h.arithmetic = kArithmetic;
  h.network = room.network;
  h.crc = crc_of(h);
  check_room(where, "the program has", static_cast<int64_t>(bytes_of(h)),
             room.flash_bytes, "export with larger --slots, and flash that");
  check_room(where, "the program's arena has", n.arena_bytes, room.arena_bytes,
             "export with a larger --ram, and flash that");
  check_room(where, "the program keeps", n.variable_bytes, room.variable_bytes,
             "replace a network that keeps as much");
  if (n.inputs + n.outputs > room.ends) {
    throw Error(Exit::kDoesNotFit,
                where + ": the program has " +
                    std::to_string(n.inputs + n.outputs) +
                    " inputs and outputs, the board has room for " +
                    std::to_string(room.ends),
                "export that network, and flash it");
  }
  std::vector<uint8_t> all(sizeof h);
  std::memcpy(all.data(), &h, sizeof h);
  all.insert(all.end(), n.image.begin(), n.image.end());
  all.insert(all.end(), n.description.begin(), n.description.end());
  all.insert(all.end(), labels.begin(), labels.end());
  return all;
}

}  // namespace shoal

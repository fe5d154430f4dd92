// Programs for a board that runs alone; device/alone/sent.h has their form.
#include <algorithm>
#include <array>

#include "device/alone/seal.h"
#include "device/link/cipher.h"
#include "device/program/kinds.h"
#include "device/program/sha256.h"
#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/engine/alone/client.h"
#include "host/plan/text/op_names.h"

namespace shoal {
namespace {

constexpr int kProgramTries = 3;  // of one that was damaged

std::array<uint8_t, alone::kHashBytes> sha256_of(
    const std::vector<uint8_t>& bytes) {
  std::array<uint8_t, alone::kHashBytes> hash{};
  Sha256 sha;
  sha.add(bytes.data(), bytes.size());
  if (!sha.finish(hash.data())) throw Error(Exit::kInternal, "no SHA-256");
  return hash;
}

std::string operator_text(const alone::Said& said) {
  constexpr uint32_t kWide = 1, kInt4 = 2;
  if (said.second == kInt4) return "weights of int4";
  const auto op = static_cast<OpCode>(said.first);
  const std::string name =
      is_known(op) ? layer_op_name(op) : std::to_string(said.first);
  return name + (said.second == kWide ? " of int16" : "");
}

}  // namespace

void AloneClient::refuse_program(const std::string& text,
                                 const alone::Said& said) const {
  const auto numbers = [&] {
    return text + ": " + format_bytes(said.first) +
           ", the board has room for " + format_bytes(said.second);
  };
  switch (said.code) {
    case alone::Code::kNoPrograms:
      throw Error(Exit::kUnsupported, text,
                  "export the project with --slots SIZE, and flash it");
    case alone::Code::kOtherBoard:
      throw Error(Exit::kUsage, text, "plan it for the board that is there");
    case alone::Code::kOtherExport:
      throw Error(Exit::kUsage, text, "run the command again");
    case alone::Code::kNoFlash:
    case alone::Code::kNoArena:
    case alone::Code::kNoVariables:
      throw Error(Exit::kDoesNotFit, numbers(),
                  "export the project with more room, and flash it");
    case alone::Code::kTooManyEnds:
      throw Error(Exit::kDoesNotFit,
                  text + ": " + std::to_string(said.first) +
                      ", the board has room for " + std::to_string(said.second),
                  "export that network, and flash it");
    case alone::Code::kNoOperator:
      throw Error(Exit::kUnsupported, text + ": " + operator_text(said),
                  "export a project that has it, and flash it");
    case alone::Code::kNotSealed:
      throw Error(Exit::kUsage, text,
                  "add --key FILE, the key with which it was exported");
    case alone::Code::kNoKey:
      throw Error(Exit::kUsage, text,
                  "export the project with --slots SIZE --key FILE, and flash "
                  "it");
    case alone::Code::kOldSeal:
      throw Error(Exit::kUsage,
                  text + ": it has count " + std::to_string(said.first) +
                      ", the board takes " + std::to_string(said.second),
                  "run the command again");
    case alone::Code::kWrongSeal:
      throw Error(Exit::kUsage, text + ", or was changed on its way",
                  "--key FILE with the key of that export");
    case alone::Code::kFlashFails:
      throw Error(Exit::kNode, text, "the board goes on with what it has");
    default:
      return;
  }
}

alone::ProgramRoom AloneClient::read_room(const AloneFacts& facts) {
  alone::ProgramRoom room{};
  const uint8_t which[] = {facts.network};
  ask(alone::MessageType::kAskRoom, 0, which, [&](const Message& m) {
    if (m.head.type == alone::MessageType::kSaid) refuse(m);
    if (m.head.type != alone::MessageType::kRoom ||
        m.body.size() < alone::ProgramRoom::kLeastBytes) {
      return false;
    }
    room = alone::ProgramRoom::get(m.body.data(),
                                   static_cast<uint32_t>(m.body.size()));
    return room.network == facts.network;
  });
  return room;
}

std::vector<uint8_t> sealed_program(const std::vector<uint8_t>& program,
                                    const SharedKey& key, uint32_t count) {
  KeyedSeal seal(chacha20_poly1305(), key.data());
  seal.begin(sha256_of(program).data(), static_cast<uint32_t>(program.size()),
             count);
  std::vector<uint8_t> all;
  for (size_t at = 0; at < program.size(); at += alone::kSealedBlock) {
    const auto block = static_cast<uint32_t>(at / alone::kSealedBlock);
    const size_t some =
        std::min<size_t>(program.size() - at, alone::kSealedBlock);
    const size_t to = all.size();
    all.insert(all.end(), program.begin() + static_cast<ptrdiff_t>(at),
               program.begin() + static_cast<ptrdiff_t>(at + some));
    all.resize(to + some + alone::kSealBytes);
    if (!seal.seal(block, &all[to], static_cast<uint32_t>(some))) {
      throw Error(Exit::kInternal, "the cipher failed");
    }
  }
  return all;
}

AloneClient::Transfer AloneClient::send_program(
    const std::vector<uint8_t>& program, const SaySent& say,
    const std::optional<SharedKey>& key, uint32_t count) {
  std::vector<uint8_t> ask(alone::kProgramAskBytes - alone::Head::kBytes);
  alone::put32(ask.data(), static_cast<uint32_t>(program.size()));
  std::ranges::copy(sha256_of(program), ask.data() + 4);
  std::vector<uint8_t> sealed;
  if (key) {
    sealed = sealed_program(program, *key, count);
    ask.resize(alone::kSealedAskBytes - alone::Head::kBytes);
    alone::put32(&ask[ask.size() - 4], count);
  }
  for (int i = 0; i < kProgramTries; ++i) {
    const auto done =
        try_program(key ? sealed : program, key.has_value(), ask, say);
    if (done) {
      return {done->kept.value_or(static_cast<uint32_t>(program.size())),
              done->board_us};
    }
    ++damaged_;
  }
  throw Error(Exit::kCorrupt,
              name_ + ": the program was damaged on its way " +
                  std::to_string(kProgramTries) + " times",
              "use a shorter cable, or a lower --baud at both ends");
}

// None: its bytes were damaged on their way.
std::optional<AloneClient::Moved> AloneClient::try_program(
    const std::vector<uint8_t>& program, bool is_sealed,
    std::span<const uint8_t> ask, const SaySent& say) {
  Moved done;
  bool damaged = false;
  uint64_t busy_since = 0;
  Wanted wanted;
  const size_t head =
      is_sealed ? alone::sealed_at(1) : static_cast<size_t>(sizeof(SentHead));
  talk(alone::MessageType::kProgram, ++frame_, ask, [&](const Message& m) {
    switch (m.head.type) {
      case alone::MessageType::kWant: {
        if (m.body.size() < alone::Piece::kBytes + 4) break;
        // The head comes first, whatever the board has of the rest.
        const uint32_t at = alone::Piece::get(m.body.data()).offset;
        const bool is_head =
            at + alone::get32(m.body.data() + alone::Piece::kBytes) <= head;
        if (!is_head && !done.kept) {
          // The first block of a sealed one comes only once.
          done.kept = !is_sealed ? at
                      : at == alone::sealed_at(1)
                          ? 0
                          : at / alone::sealed_at(1) * alone::kSealedBlock;
        }
        if (say) say(at, static_cast<uint32_t>(program.size()));
        return send_input(program, m, wanted);
      }
      case alone::MessageType::kEnd:
        if (m.body.size() < alone::kEndBytes - alone::Head::kBytes) break;
        done.board_us = alone::get64(m.body.data());
        return Heard::kEnd;
      case alone::MessageType::kSaid:
        if (waits_for_other(m, busy_since)) return Heard::kNews;
        damaged = m.body.size() > 0 && static_cast<alone::Code>(m.body[0]) ==
                                           alone::Code::kDamagedProgram;
        if (!damaged) refuse(m);
        return Heard::kEnd;
      case alone::MessageType::kBusy:
        return Heard::kWorks;
      default:
        break;
    }
    return Heard::kNothingNew;
  });
  if (damaged) return std::nullopt;
  return done;
}

}  // namespace shoal

// The computer's end of the line to a board that runs alone; spec/alone.md has
// the messages. The board sends nothing twice by itself: after a silence as
// long as a few round trips took, this end asks what the board waits for, and
// the board says its last messages again.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "device/alone/sent.h"
#include "device/alone/wire.h"
#include "device/keys/program_key.h"
#include "host/base/shared_key.h"
#include "host/engine/common/frame.h"
#include "host/engine/workers/transport.h"

namespace shoal {

static_assert(sizeof(SharedKey) == kProgramKeyBytes);

// Returns a program as it goes sealed over a line (device/alone/seal.h).
std::vector<uint8_t> sealed_program(const std::vector<uint8_t>& program,
                                    const SharedKey& key, uint32_t count);

// How a board describes itself.
struct AloneFacts {
  std::string board;
  uint8_t network = 0;                // its number on the board
  std::vector<std::string> networks;  // names of all, by number
  std::vector<uint8_t> program;       // alone::kProgramBytes
  uint32_t input_bytes = 0, output_bytes = 0;
  uint32_t inputs = 0, outputs = 0;
  bool variables = false;
  uint32_t timed_layers = 0;  // whose times it can measure; 0: none
  std::string description, labels;
};

class AloneClient {
 public:
  // Borrows the transport. `name`: of the board, for messages.
  // `most_silence_s`: after which a board counts as lost.
  AloneClient(HostTransport&, uint64_t address, std::string name,
              double most_silence_s);

  // Asks the board for the facts of a network (empty: its first). Throws
  // Error(kTimeout) if nothing answers, kUsage if it has no such network,
  // kUnsupported for another version of the messages, kCorrupt for facts that
  // cannot be meant.
  AloneFacts read_facts(const std::string& network);

  // Runs the built-in test of a network. `differs_at`: the first byte that
  // differs. Throws Error(kNode) if the board could not run it.
  struct TestResult {
    bool good = false;
    uint32_t differs_at = 0;
  };
  TestResult self_test(const AloneFacts&);

  struct Answer {
    NodeRows outputs;
    uint64_t board_us = 0;  // by the board's clock
  };
  // Runs a frame. `output_bytes`: of each output. `flags`: of the message
  // (alone::kResetVariables, kMeasure). A frame whose bytes were damaged on
  // their way is sent again. Throws Error: kBusy (another computer has the
  // board), kUsage (another program, another size), kNode (the board failed),
  // kTimeout, kCorrupt (the line damages all that is sent).
  Answer run(const AloneFacts&, const NodeRows& inputs,
             const std::vector<size_t>& output_bytes, uint8_t flags);

  // Asks how long the layers of the last frame took, which had kMeasure. Throws
  // Error(kNode) if the board has not measured it, kCorrupt for times that
  // cannot be meant.
  struct Times {
    std::string counter;
    uint32_t counter_hz = 0;       // 0: cycles of the CPU
    uint64_t ticks = 0, us = 0;    // of all steps, by the counter and the clock
    std::vector<uint32_t> layers;  // ticks; 2^32 - 1: that many or more
  };
  Times read_times(const AloneFacts&);

  // Asks the board for what may replace the network. Throws Error(kUnsupported)
  // if the board was exported without room for programs.
  alone::ProgramRoom read_room(const AloneFacts&);
  // Sends a program (device/alone/sent.h), which is the network that it
  // replaces when this returns, and stays it. Goes on where an earlier transfer
  // of it broke off. Throws Error as run() does, and kDoesNotFit or
  // kUnsupported if the board does not take it: then it has what it had.
  struct Transfer {
    uint32_t kept = 0;  // bytes that were there already
    uint64_t board_us = 0;
  };
  using SaySent = std::function<void(uint32_t done, uint32_t of)>;
  // With a key the program is sealed on its way; `count` is then of the answer
  // of read_room().
  Transfer send_program(const std::vector<uint8_t>& program, const SaySent& say,
                        const std::optional<SharedKey>& key = {},
                        uint32_t count = 0);

  // Counts for people.
  uint64_t repeats() const { return repeats_; }  // questions asked again
  uint64_t damaged() const { return damaged_; }  // frames sent again
  double round_trip_s() const { return smooth_us_ / 1e6; }

 private:
  struct Message {
    alone::Head head;
    std::span<const uint8_t> body;
  };
  // The share of a message in its conversation.
  enum class Heard : uint8_t {
    kNothingNew,  // an answer to an earlier question, or one again
    kWorks,       // the board computes
    kNews,        // the conversation goes on
    kEnd,
  };
  using Take = std::function<Heard(const Message&)>;
  // How far a board has asked for a stream, in order.
  struct Wanted {
    int64_t from = -1;
    Heard take(uint32_t offset) {
      if (offset <= from) return Heard::kNothingNew;
      from = offset;
      return Heard::kNews;
    }
  };
  // Throws Error(kNode) if the board is silent or works for too long,
  // Error(kCorrupt) for too many messages in which nothing is new.
  void talk(alone::MessageType type, uint32_t frame,
            std::span<const uint8_t> body, const Take& take);
  // The same for a question with one answer: `take` returns whether it is that.
  void ask(alone::MessageType type, uint32_t frame,
           std::span<const uint8_t> body,
           const std::function<bool(const Message&)>& take);
  void send(alone::MessageType type, uint32_t frame,
            std::span<const uint8_t> body);
  std::optional<Message> receive();
  void measure(uint64_t sample_us);
  uint64_t repeat_after_us() const;
  AloneFacts ask_for_facts(uint8_t network, uint32_t* text_bytes);
  std::string read_text(uint8_t network, alone::Text, uint32_t bytes);
  [[noreturn]] void refuse(const Message&) const;
  std::optional<Answer> try_run(const AloneFacts&, const NodeRows& inputs,
                                const std::vector<size_t>& output_bytes,
                                uint8_t flags);
  struct Moved {
    std::optional<uint32_t> kept;  // none: nothing but the head came
    uint64_t board_us = 0;
  };
  // `program`: as it goes over the line.
  std::optional<Moved> try_program(const std::vector<uint8_t>& program,
                                   bool is_sealed, std::span<const uint8_t> ask,
                                   const SaySent& say);
  // Throws if the code is one of programs.
  void refuse_program(const std::string& text, const alone::Said&) const;
  bool waits_for_other(const Message&, uint64_t& busy_since);
  Heard send_input(const std::vector<uint8_t>& stream, const Message& want,
                   Wanted&);

  HostTransport& transport_;
  const uint64_t address_;
  const std::string name_;
  const uint64_t most_silence_us_;
  const uint32_t session_;
  uint32_t frame_ = 0;
  std::vector<uint8_t> came_, out_;
  double smooth_us_ = 0, varies_us_ = 0;  // of round trips, as in RFC 6298
  uint64_t repeats_ = 0, damaged_ = 0;
  // Answers to questions that were repeated may be under way.
  bool is_ambiguous_ = false;
  // Bytes that the board asks for again may not have reached it.
  bool may_lack_bytes_ = true;
};

}  // namespace shoal

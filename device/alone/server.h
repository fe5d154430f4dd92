/// @file
/// A board that runs alone, as seen by a computer at the other end of a serial
/// line or network: it takes inputs and gives outputs in the messages of
/// wire.h. The board has no room for a whole input, so it asks for the rows
/// that it can take next; only the computer repeats what gets lost.
#pragma once

#include <cstdint>

#include "device/alone/networks.h"
#include "device/alone/taker.h"
#include "device/alone/wire.h"
#include "device/port/cycles.h"
#include "device/shoal.h"

namespace shoal {

/// Describes a Said in English, for a person.
const char* text_of(const alone::Said&);

/// The board that an AloneServer serves. Everything that it points to must
/// outlive it.
struct AloneBoard {
  /// Its three functions must not be null.
  const shoal_transport* transport;
  Networks* networks;
  /// The board's id; longer ones are cut.
  const char* name;
  /// First argument of the functions.
  void* user;
  /// Runs the built-in test of a network; `differs_at` is set for kDiffers, and
  /// to the shoal_status for kFailed. Null: there is none.
  alone::Code (*self_test)(void* user, uint32_t network, uint32_t* differs_at);
  /// Called while the line is silent. May be null.
  void (*idle)(void* user);
  /// Takes programs. Null: the board takes none.
  ProgramTaker* programs;
  /// Room for two messages: 2 * transport->max_payload bytes.
  uint8_t* packets;
  /// Room for a checksum of each input and output of the network that has most.
  uint32_t* checks;
  /// Room for the ticks of `layers` layers in a frame that is measured; the
  /// computer sees no numbers of further ones. Null: no frame is.
  uint32_t* times = nullptr;
  uint16_t layers = 0;
  /// Starts the counter that measures them and returns it; `read` is not null.
  CycleCounter (*counter)(void* user) = nullptr;
  /// Pieces of an input that the transport keeps until they are received, from
  /// 1 to alone::kWindow.
  uint32_t pieces = alone::kWindow;
};

/// The board's end of the line.
class AloneServer {
 public:
  /// Makes a server of `board`, which is copied.
  explicit AloneServer(const AloneBoard& board);
  AloneServer(const AloneServer&) = delete;
  AloneServer& operator=(const AloneServer&) = delete;

  /// Takes a message if one has come, and runs the frame that it begins, to its
  /// end. Returns whether one has come.
  bool poll();

 private:
  // The frame under way waits for this.
  enum class Waits : uint8_t { kNothing, kInput, kTaken };

  bool receive();
  void answer_board(const alone::Head&, uint64_t to, const uint8_t* body,
                    uint32_t bytes);
  void answer_read(const alone::Head&, uint64_t to, const uint8_t* body,
                   uint32_t bytes);
  void begin(const alone::Head&, uint64_t from, const uint8_t* body,
             uint32_t bytes);
  void begin_program(const alone::Head&, uint64_t from, const uint8_t* body,
                     uint32_t bytes);
  void answer_room(const alone::Head&, uint64_t to, const uint8_t* body,
                   uint32_t bytes);
  void answer_times(const alone::Head&, uint64_t to, const uint8_t* body,
                    uint32_t bytes);
  void test(const alone::Head&, uint64_t to, const uint8_t* body,
            uint32_t bytes);
  void take_input(const uint8_t* body, uint32_t bytes);
  void take_taken(const uint8_t* body);
  void run_test();
  void run();
  void run_frame();
  void take_program();
  bool fetch_program(uint32_t at, uint8_t* to, uint32_t bytes);
  bool may_replace(const alone::Head&);
  bool is_next(const alone::Head&, uint64_t from);

  static bool fill(void* self, uint32_t input, uint32_t offset, uint8_t* to,
                   uint32_t bytes);
  static bool give(void* self, uint32_t output, uint32_t offset,
                   const uint8_t* from, uint32_t bytes);
  static bool between(void* self);
  static shoal_status measured_step(void* self, shoal_node& node);
  static void idle(void* self);
  bool wait_for_end();
  bool exchange(Waits what, uint32_t stream, uint32_t offset, uint32_t bytes);
  bool fetch(uint32_t input, uint32_t offset, uint8_t* to, uint32_t bytes);
  bool send_all(uint32_t output, uint32_t offset, const uint8_t* from,
                uint32_t bytes);

  shoal_node& node() const { return *(*board_.networks)[network_].node; }
  bool has_network(const alone::Head&, uint64_t to, uint32_t network);
  uint32_t piece_bytes() const;
  uint64_t now() const;
  void send(uint64_t to, uint32_t bytes);
  void send_said(const alone::Head&, uint64_t to, const alone::Said&);
  void send_want();
  void send_output();
  void send_state();
  void send_result();

  const AloneBoard board_;
  uint8_t* const came_;
  uint8_t* const out_;

  // The frame under way, or the last one.
  alone::Head frame_{};
  uint64_t computer_ = 0;  // its address
  uint64_t heard_us_ = 0;
  uint8_t flags_ = 0;
  uint8_t network_ = 0, next_network_ = 0;  // of the frame; that begins
  bool runs_ = false, known_ = false;
  bool begins_ = false;  // a frame that has not been run yet
  // A program comes instead of a frame: its bytes and hash, those of the next
  // one, and the count of its seal.
  bool is_program_ = false;
  uint32_t program_bytes_ = 0, program_count_ = 0;
  uint8_t program_hash_[alone::kHashBytes] = {};
  // The result of the last frame or program.
  alone::Said said_{};
  uint64_t took_us_ = 0;
  // How it was measured.
  bool measured_ = false;
  CycleCounter counter_;
  uint64_t step_ticks_ = 0, step_us_ = 0;

  // The last test and its result.
  alone::Head test_{};
  uint64_t test_computer_ = 0;
  uint8_t test_network_ = 0;
  bool tests_ = false;  // a test that has not been run yet
  alone::Code test_code_ = alone::Code::kGood;
  uint32_t test_detail_ = 0;

  // Bytes [next_, end_) of a stream, which fetch() or send_all() waits for.
  Waits waits_ = Waits::kNothing;
  uint32_t stream_ = 0, next_ = 0, end_ = 0;
  uint8_t* to_ = nullptr;          // where byte next_ goes
  const uint8_t* from_ = nullptr;  // where byte next_ lies
};

}  // namespace shoal

// Takes in what the measuring firmware says; see boards/bench/messages.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "boards/bench/ciphers.h"
#include "host/base/error.h"
#include "host/board/board.h"
#include "host/engine/board/console.h"

namespace shoal {

// Instructions are counted by the board's clock, which the emulator moves on
// by a fixed time for each; they are no cycles.
struct CountedRows {
  int rows = 0;
  int64_t instructions = 0;
};
struct CountedLayer {
  CountedRows interior, border;
  CountedRows band;  // the first rows once more, together
  uint32_t checksum = 0;
};

struct CountedCipher {
  int64_t instructions = 0;
  uint32_t checksum = 0;
};

struct CountedHandshake {
  int64_t instructions = 0;
  int stack_bytes = 0;
  uint32_t checksum = 0;
};

class BenchListener {
 public:
  // `instruction_s`: what an instruction takes by the board's clock.
  BenchListener(const Board&, double instruction_s);

  // Throws Error(kNode) for what makes no sense.
  void feed(std::span<const uint8_t> bytes) { decoder_.feed(bytes); }

  // Returns how the board has faulted.
  const std::optional<Error>& failure() const { return failure_; }
  // Returns whether all layers and ciphers and the handshake came, and the end.
  bool done() const { return done_ && decoder_.at_rest(); }
  const std::string& kernels() const { return kernels_; }
  // In the order of kBenchLayers.
  const std::vector<CountedLayer>& layers() const { return layers_; }
  // In the order of kBenchCiphers.
  const std::vector<CountedCipher>& ciphers() const { return ciphers_; }
  const std::optional<CountedHandshake>& handshake() const {
    return handshake_;
  }

 private:
  void take(const ConsoleMessage&);
  void hello(const ConsoleMessage&);
  void begin(const ConsoleMessage&);
  void layer(const ConsoleMessage&);
  void cipher(const ConsoleMessage&);
  void handshake(const ConsoleMessage&);

  const Board& board_;
  const double instruction_s_;
  double ticks_per_instruction_ = 0;  // 0: no hello yet
  bool begun_ = false, done_ = false;
  std::string kernels_;
  std::vector<CountedLayer> layers_;
  std::vector<CountedCipher> ciphers_;
  std::optional<CountedHandshake> handshake_;
  std::optional<Error> failure_;
  ConsoleDecoder decoder_;
};

}  // namespace shoal

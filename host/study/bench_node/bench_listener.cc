#include "host/study/bench_node/bench_listener.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

#include "boards/bench/messages.h"
#include "host/engine/board/refusal.h"

namespace shoal {
namespace {

// The clock may be off by a tick or two, not by a thousandth.
constexpr double kTrialTolerance = 1e-3;

[[noreturn]] void nonsense(const std::string& what) {
  throw Error(Exit::kNode, "the measuring firmware says " + what);
}

template <class T>
T whole_payload(const ConsoleMessage& message) {
  T value;
  if (message.payload.size() != sizeof value)
    nonsense("a message of a wrong size");
  std::memcpy(&value, message.payload.data(), sizeof value);
  return value;
}

template <size_t n>
std::string text(const char (&padded)[n]) {
  return std::string(padded, strnlen(padded, n));
}

int64_t instructions(uint32_t ticks_low, uint32_t ticks_high,
                     double ticks_per_instruction) {
  const uint64_t ticks = uint64_t{ticks_high} << 32 | ticks_low;
  return std::llround(static_cast<double>(ticks) / ticks_per_instruction);
}

CountedRows counted(const BenchCountMessage& c, double ticks_per_instruction) {
  return {static_cast<int>(c.rows),
          instructions(c.ticks_low, c.ticks_high, ticks_per_instruction)};
}

}  // namespace

BenchListener::BenchListener(const Board& board, double instruction_s)
    : board_(board),
      instruction_s_(instruction_s),
      decoder_([this](const ConsoleMessage& f) { take(f); }) {}

void BenchListener::take(const ConsoleMessage& f) {
  if (f.type == ConsoleType::kFault) {
    failure_ = exception_error(board_, whole_payload<ConsoleFault>(f));
  } else if (f.type == ConsoleType::kHello) {
    hello(f);
  } else if (f.type == kBenchBegin) {
    begin(f);
  } else if (f.type == kBenchLayer) {
    layer(f);
  } else if (f.type == kBenchCipher) {
    cipher(f);
  } else if (f.type == kBenchHandshake) {
    handshake(f);
  } else if (f.type == kBenchEnd) {
    const auto end = whole_payload<BenchEndMessage>(f);
    if (end.layers != layers_.size() || layers_.size() != kBenchLayerCount ||
        ciphers_.size() != kBenchCipherCount || !handshake_) {
      nonsense("that it is done too early");
    }
    done_ = true;
  } else {
    nonsense("a message of no known type");
  }
}

void BenchListener::hello(const ConsoleMessage& f) {
  const auto h = whole_payload<ConsoleHello>(f);
  if (text(h.board) != board_.name || h.ticks_per_second == 0) {
    nonsense("that it is one for board '" + text(h.board) + "'");
  }
  ticks_per_instruction_ = h.ticks_per_second * instruction_s_;
}

void BenchListener::begin(const ConsoleMessage& f) {
  const auto b = whole_payload<BenchBeginMessage>(f);
  if (ticks_per_instruction_ == 0) nonsense("results before hello");
  if (b.layers != kBenchLayerCount) {
    nonsense(fmt::format("that it has {} layers, not {}", b.layers,
                         kBenchLayerCount));
  }
  const double seen = b.trial_ticks / ticks_per_instruction_;
  if (std::fabs(seen - b.trial_instructions) >
      kTrialTolerance * b.trial_instructions) {
    nonsense(fmt::format("that its clock counts {:.0f} instructions as {:.0f}",
                         static_cast<double>(b.trial_instructions), seen));
  }
  kernels_ = text(b.kernels);
  begun_ = true;
}

void BenchListener::layer(const ConsoleMessage& f) {
  const auto l = whole_payload<BenchLayerMessage>(f);
  if (!begun_ || l.layer != layers_.size() || l.layer >= kBenchLayerCount) {
    nonsense("a layer out of turn");
  }
  const BenchFit fit = fit_layer(kBenchLayers[l.layer]);
  const uint64_t rows = uint64_t{l.interior.rows} + l.border.rows;
  if (rows != static_cast<uint64_t>(fit.rows)) {
    nonsense(fmt::format("{} rows of {}, not {}", rows,
                         kBenchLayers[l.layer].name, fit.rows));
  }
  layers_.push_back({counted(l.interior, ticks_per_instruction_),
                     counted(l.border, ticks_per_instruction_),
                     counted(l.band, ticks_per_instruction_), l.checksum});
}

void BenchListener::cipher(const ConsoleMessage& f) {
  const auto c = whole_payload<BenchCipherMessage>(f);
  if (!begun_ || c.cipher != ciphers_.size() || c.cipher >= kBenchCipherCount) {
    nonsense("a chunk out of turn");
  }
  ciphers_.push_back(
      {instructions(c.ticks_low, c.ticks_high, ticks_per_instruction_),
       c.checksum});
}

void BenchListener::handshake(const ConsoleMessage& f) {
  const auto h = whole_payload<BenchHandshakeMessage>(f);
  if (!begun_ || handshake_) nonsense("a handshake out of turn");
  handshake_ = {instructions(h.ticks_low, h.ticks_high, ticks_per_instruction_),
                static_cast<int>(h.stack_bytes), h.checksum};
}

}  // namespace shoal

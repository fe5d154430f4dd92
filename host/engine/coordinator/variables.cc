// The coordinator reads what nodes keep between two frames, and gives it to the
// nodes that go on.
#include <algorithm>
#include <cstring>
#include <utility>

#include "host/base/error.h"
#include "host/engine/coordinator/work.h"

namespace shoal {
namespace {

void append(std::vector<uint8_t>& to, const VariableRequest& r) {
  const auto* const from = reinterpret_cast<const uint8_t*>(&r);
  to.insert(to.end(), from, from + sizeof r);
}

}  // namespace

// Calls `piece(number of the variable, offset, bytes)` for all of the worker's
// variables, in pieces that fit a datagram.
template <class Piece>
void Coordinator::Work::for_pieces(const Worker& w, Piece piece) const {
  const std::vector<PlanVariable>& all =
      prepared_->plan.nodes[w.number].variables;
  const uint32_t most = std::min(w.identity.facts.max_payload,
                                 uint16_t(config_.transport->max_payload)) -
                        kVariableHeadBytes - kTagBytes;
  for (size_t v = 0; v < all.size(); ++v) {
    for (uint32_t at = 0; at < all[v].bytes(); at += most) {
      piece(static_cast<uint16_t>(v), at, std::min(most, all[v].bytes() - at));
    }
  }
}

void Coordinator::Work::read_variables(uint32_t frame) {
  if (phase_ != Phase::kRunning || reads_ > 0 || !frames_->idle()) {
    throw Error(Exit::kInternal, "variables are read between two frames");
  }
  read_.emplace(prepared_->net);
  for (const auto& w : workers_) {
    if (!w->used) continue;
    for_pieces(*w, [&](uint16_t number, uint32_t at, uint32_t count) {
      std::vector<uint8_t> data;
      append(data, {frame, at, number, static_cast<uint16_t>(count)});
      const PlanVariable& of =
          prepared_->plan.nodes[w->number].variables[number];
      ++reads_;
      w->talk.ask(Request::kVariable, std::move(data),
                  [this, &w = *w, &of, at, count](
                      Reply reply, std::span<const uint8_t> bytes) {
                    if (reply != Reply::kOk || bytes.size() != count) {
                      refuse(w, "it does not say what its variables hold: " +
                                    because(reply));
                    }
                    read_->put(of, at, bytes);
                    --reads_;
                  });
    });
  }
}

std::optional<VariableValues> Coordinator::Work::take_variables() {
  if (reads_ > 0) return std::nullopt;
  return std::exchange(read_, std::nullopt);
}

bool Coordinator::Work::keeps_variables(const Worker& w) const {
  return !prepared_->plan.nodes[w.number].variables.empty();
}

bool Coordinator::Work::is_given_values(const Worker& w) const {
  return sequence_.values && keeps_variables(w);
}

void Coordinator::Work::go_on(uint32_t frames) {
  const auto turn = static_cast<uint16_t>(frames / sequence_.every % kTurns);
  for (const auto& w : workers_) {
    if (w->used && keeps_variables(*w)) {
      start(static_cast<int>(w->number), turn);
    }
  }
}

// The worker waits with its first frame until it has all of them.
void Coordinator::Work::give_values(Worker& w) {
  const auto left = std::make_shared<size_t>(0);
  for_pieces(w, [&](uint16_t, uint32_t, uint32_t) { ++*left; });
  for_pieces(w, [&](uint16_t number, uint32_t at, uint32_t count) {
    const std::vector<uint8_t> values = sequence_.values->box(
        prepared_->plan.nodes[w.number].variables[number]);
    std::vector<uint8_t> data;
    append(data, {0, at, number, 0});
    const auto from = values.begin() + at;
    data.insert(data.end(), from, from + count);
    w.talk.ask(Request::kVariable, std::move(data),
               [this, &w, left](Reply reply, std::span<const uint8_t>) {
                 // Why its program has stopped is in the next heartbeat.
                 if (reply == Reply::kState) {
                   w.running = true;
                 } else if (reply != Reply::kOk) {
                   refuse(w, "it does not take the values of its variables: " +
                                 because(reply));
                 }
                 if (--*left == 0) start(static_cast<int>(w.number), 0);
               });
  });
}

}  // namespace shoal

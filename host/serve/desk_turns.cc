#include "host/serve/desk_turns.h"

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "host/base/error.h"

namespace shoal {
namespace {

// While others wait.
constexpr std::chrono::milliseconds kLongestTurn{200};

}  // namespace

DeskTurns::DeskTurns(std::vector<FrameDesk*> desks)
    : desks_(std::move(desks)), any_(epoll_create1(EPOLL_CLOEXEC)) {
  for (const FrameDesk* const desk : desks_) {
    epoll_event event{};
    event.events = EPOLLIN;
    if (epoll_ctl(any_.get(), EPOLL_CTL_ADD, desk->descriptor(), &event) != 0) {
      throw Error(Exit::kInternal, "there is no descriptor left for an event");
    }
  }
}

std::optional<size_t> DeskTurns::next() {
  for (;;) {
    const bool closed = std::ranges::all_of(
        desks_, [](const FrameDesk* d) { return d->closed(); });
    for (size_t i = 1; i <= desks_.size(); ++i) {
      const size_t at = (last_ + i) % desks_.size();
      if (!desks_[at]->has_waiting()) continue;
      last_ = at;
      return at;
    }
    if (closed) return std::nullopt;
    pollfd wanted{any_.get(), POLLIN, 0};
    static_cast<void>(poll(&wanted, 1, -1));
  }
}

bool DeskTurns::others_wait(size_t desk) const {
  for (size_t i = 0; i < desks_.size(); ++i) {
    if (i != desk && desks_[i]->has_waiting()) return true;
  }
  return false;
}

DeskTurn::DeskTurn(const DeskTurns& turns, size_t desk)
    : turns_(turns), number_(desk), desk_(turns.desk(desk)) {}

std::optional<std::vector<uint8_t>> DeskTurn::next() {
  if (over_) return std::nullopt;
  return desk_.next();
}

// Once over, it stays so.
bool DeskTurn::ended() const {
  const bool is_long = Clock::now() - start_ >= kLongestTurn;
  over_ |= turns_.others_wait(number_) && (is_long || !desk_.has_waiting());
  return over_ || desk_.closed();
}

void DeskTurn::fails(const Error& why) { desk_.fails(why); }

void DeskTurn::stands_still(const std::string& why) {
  for (FrameDesk* const desk : turns_.desks()) {
    desk->stands_still(why);
    if (!why.empty() && desk != &desk_) desk->fails(Error(Exit::kNode, why));
  }
}

void DeskTurn::heed(const ClusterStatus& status) {
  for (FrameDesk* const desk : turns_.desks()) desk->heed(status);
}

}  // namespace shoal

#include "host/base/ranks/team.h"

#include <cstdlib>
#include <set>
#include <utility>

#include "host/base/ranks/local_work.h"

namespace shoal {
namespace {

std::string rank_name(int rank) { return "rank " + std::to_string(rank); }

Error of_rank(int rank, const Error& e) {
  return {e.code(), rank_name(rank) + ": " + e.what(), e.fix()};
}

class NoItems final : public Items {
 public:
  std::optional<int64_t> next() override { return std::nullopt; }
  void done(int64_t, std::span<const uint8_t>) override {}
};

Team::Bytes text_of(const Team::Given& given) {
  std::string text;
  for (const auto& [name, is] : given) text += name + '\0' + is + '\0';
  return {text.begin(), text.end()};
}

// Returns the text's value of each name; the list is shorter if the text is
// another one.
std::vector<std::string> values_in(const Team::Bytes& bytes) {
  std::vector<std::string> parts(1);
  for (const uint8_t c : bytes) {
    if (c == 0) {
      parts.emplace_back();
    } else {
      parts.back() += static_cast<char>(c);
    }
  }
  std::vector<std::string> values;
  for (size_t i = 1; i < parts.size(); i += 2) values.push_back(parts[i]);
  return values;
}

}  // namespace

Team::Team(std::unique_ptr<Ranks> ranks)
    : ranks_(std::move(ranks)),
      states_(static_cast<size_t>(ranks_->size()), State::kBusy) {
  states_[0] = State::kGone;  // of others
}

Error Team::not_understood(int rank) {
  broken_ = true;
  return {Exit::kCorrupt,
          rank_name(rank) + ": a message that is not understood",
          "run the same shoal on all ranks"};
}

void Team::send(int to, Message message) {
  ranks_->send(to, format_message(message));
}

std::optional<Team::Received> Team::receive() {
  std::optional<Ranks::Packet> packet = ranks_->poll();
  if (!packet) return std::nullopt;
  std::optional<Message> message = parse_message(packet->bytes);
  if (!message) throw not_understood(packet->from);
  return Received{packet->from, *std::move(message)};
}

Message Team::await() {
  Bell bell;
  for (;;) {
    if (std::optional<Received> r = receive()) return std::move(r->message);
    bell.wait();
  }
}

bool Team::any(State state) const {
  for (const State s : states_) {
    if (s == state) return true;
  }
  return false;
}

// To all that wait.
void Team::release(Message message) {
  for (size_t r = 1; r < states_.size(); ++r) {
    if (states_[r] != State::kWaits) continue;
    send(static_cast<int>(r), message);
    states_[r] = State::kBusy;
  }
}

std::vector<Team::Bytes> Team::share(Items& items, const Work& work) {
  if (!leads()) {
    follow(work);
    return {};
  }
  if (size() > 1) return lead(items, work);
  Bytes report = work(items);
  items.check();
  return {std::move(report)};
}

Team::Bytes Team::spread(Bytes bytes) {
  if (leads()) {
    release({.kind = MessageKind::kGo, .bytes = bytes});
    return bytes;
  }
  Message m = await();
  if (m.kind == MessageKind::kStop) throw Stopped{};
  if (m.kind != MessageKind::kGo) throw not_understood(0);
  return std::move(m.bytes);
}

void Team::agree(const Given& given) {
  if (size() == 1) return;
  NoItems none;
  const std::vector<Bytes> told =
      share(none, [&](Items&) { return text_of(given); });
  for (size_t r = 1; r < told.size(); ++r) {
    if (told[r] == told[0]) continue;
    const std::vector<std::string> values = values_in(told[r]);
    for (size_t i = 0; i < given.size(); ++i) {
      const std::string theirs = i < values.size() ? values[i] : "none";
      if (theirs == given[i].second) continue;
      throw Error(Exit::kUsage,
                  rank_name(static_cast<int>(r)) + " has another " +
                      given[i].first + ": " + theirs + ", rank 0 has " +
                      given[i].second,
                  "give all ranks the same files and flags");
    }
    throw not_understood(static_cast<int>(r));
  }
  spread({});
}

std::optional<Error> Team::close(const std::optional<Error>& mine) {
  if (size() == 1) return std::nullopt;
  if (broken_) abort(static_cast<int>(Exit::kCorrupt));
  if (!leads()) {
    send(0, {.kind = MessageKind::kBye, .error = mine});
    while (await().kind != MessageKind::kClosed) continue;
    return std::nullopt;
  }
  std::optional<Error> theirs;
  int first = size();
  Bell bell;
  release({.kind = MessageKind::kStop});
  while (any(State::kBusy)) {
    const std::optional<Received> r = receive();
    if (!r) {
      bell.wait();
      continue;
    }
    const MessageKind kind = r->message.kind;
    if (kind == MessageKind::kAsk || kind == MessageKind::kReport) {
      send(r->from, {.kind = MessageKind::kStop});
    } else if (kind == MessageKind::kBye) {
      states_[static_cast<size_t>(r->from)] = State::kGone;
      if (r->message.error && r->from < first) {
        first = r->from;
        theirs = of_rank(first, *r->message.error);
      }
    }
  }
  for (int r = 1; r < size(); ++r) send(r, {.kind = MessageKind::kClosed});
  return mine ? std::nullopt : theirs;
}

void Team::abort(int code) {
  ranks_->abort(code);
  std::_Exit(code);
}

// One share() as the first rank sees it.
class Team::Lead {
 public:
  Lead(Team& team, Items& items)
      : team_(team),
        items_(items),
        reports_(static_cast<size_t>(team.size())),
        handed_(reports_.size()) {}

  std::vector<Bytes> run(const Work& work) {
    Bell bell;
    LocalWork local(items_, work, bell);
    try {
      while (!local.is_done() || team_.any(State::kBusy)) {
        if (const std::optional<Received> r = team_.receive()) {
          hear(r->from, r->message);
        } else {
          bell.wait();
        }
      }
    } catch (...) {
      items_.failed(-1, std::current_exception());  // so that the work ends
      throw;
    }
    items_.check();
    reports_[0] = local.result();
    return std::move(reports_);
  }

 private:
  void hear(int from, const Message& m) {
    State& state = team_.states_.at(static_cast<size_t>(from));
    std::set<int64_t>& handed = handed_[static_cast<size_t>(from)];
    const bool ends = m.kind == MessageKind::kBye && state == State::kWaits;
    if (ends && !m.error) {  // it was the last share()
      state = State::kGone;
      return;
    }
    if (state != State::kBusy && !ends) throw team_.not_understood(from);
    switch (m.kind) {
      case MessageKind::kAsk:
        return hand_out(from, m.numbers[0]);
      case MessageKind::kResult:
        if (handed.erase(m.numbers[0]) == 0) throw team_.not_understood(from);
        return keep(m.numbers[0], m.bytes);
      case MessageKind::kFailed:
        return items_.failed(m.numbers[0], std::make_exception_ptr(*m.error));
      case MessageKind::kReport:
        state = State::kWaits;
        reports_[static_cast<size_t>(from)] = m.bytes;
        if (handed.empty()) return;
        throw team_.not_understood(from);
      case MessageKind::kBye:
        state = State::kGone;
        return leave(from, m);
      default:
        throw team_.not_understood(from);
    }
  }

  void hand_out(int to, int64_t most) {
    Message answer{.kind = MessageKind::kItems};
    while (static_cast<int64_t>(answer.numbers.size()) < most) {
      const std::optional<int64_t> item = items_.next();
      if (!item) break;
      answer.numbers.push_back(*item);
      handed_[static_cast<size_t>(to)].insert(*item);
    }
    team_.send(to, std::move(answer));
  }

  void keep(int64_t item, const Bytes& result) {
    try {
      items_.done(item, result);
    } catch (...) {
      items_.failed(item, std::current_exception());
    }
  }

  // An item of its may have failed before; that is told then.
  void leave(int from, const Message& m) {
    const Error why =
        m.error ? of_rank(from, *m.error)
                : Error(Exit::kInternal, rank_name(from) + " has left");
    items_.failed(INT64_MAX, std::make_exception_ptr(why));
  }

  Team& team_;
  Items& items_;
  std::vector<Bytes> reports_;
  std::vector<std::set<int64_t>> handed_;  // by rank: of no result yet
};

std::vector<Team::Bytes> Team::lead(Items& items, const Work& work) {
  return Lead(*this, items).run(work);
}

}  // namespace shoal

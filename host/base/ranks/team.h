// Several processes as one: the first of them, rank 0, hands out items, keeps
// what comes of them and is the one that a person hears; the others have the
// same files and flags and do the same up to there. All of them call the same
// functions in the same order:
//
//   Team team(mpi_ranks());
//   team.agree({{"model", checksum}});
//   team.share(items, [&](Items& items) { work_on(items); return Bytes{}; });
//   if (!team.leads()) return;    // the rest is rank 0's
//   ...
//   team.close(error);            // whatever happened: no rank waits for ever
//
// With one rank nothing is sent and no thread is started.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/base/ranks/items.h"
#include "host/base/ranks/message.h"
#include "host/base/ranks/ranks.h"

namespace shoal {

// Thrown on a rank when the run is over for a reason that the first knows.
struct Stopped {};

class Team {
 public:
  using Bytes = std::vector<uint8_t>;
  using Work = std::function<Bytes(Items&)>;
  // The arguments that a rank was given: a name for messages, and a text that
  // identifies the value.
  using Given = std::vector<std::pair<std::string, std::string>>;

  explicit Team(std::unique_ptr<Ranks>);

  int rank() const { return ranks_->rank(); }
  int size() const { return ranks_->size(); }
  bool leads() const { return rank() == 0; }

  // Throws Error(kUsage) if a rank was given something else than the first.
  void agree(const Given&);
  // Runs the work on every rank, beside a thread that talks; `items` are those
  // of rank 0, elsewhere the work sees the ones that it is handed. Returns what
  // the work of each rank returned, on rank 0 alone. Throws what was wrong with
  // the lowest item that failed, or else on a rank.
  std::vector<Bytes> share(Items& items, const Work&);
  // Sends the bytes of rank 0 to all and returns them. Call it after every
  // share() except the last.
  Bytes spread(Bytes);

  // Ends the run, once, with the error that this rank met, which rank 0 has
  // told. Returns on rank 0 what another rank met, if it was not told yet.
  std::optional<Error> close(const std::optional<Error>&);
  [[noreturn]] void abort(int code);  // of all ranks

 private:
  // The state of another rank, as the first sees it.
  enum class State : uint8_t { kBusy, kWaits, kGone };
  struct Received {
    int from;
    Message message;
  };
  class Lead;

  std::vector<Bytes> lead(Items&, const Work&);
  void follow(const Work&);
  void send(int to, Message);
  std::optional<Received> receive();
  Message await();  // from rank 0
  void release(Message);
  // Returns an error to be thrown; from then on close() ends all ranks at once.
  Error not_understood(int rank);
  bool any(State) const;

  const std::unique_ptr<Ranks> ranks_;
  std::vector<State> states_;
  bool broken_ = false;
};

}  // namespace shoal

// A feed with a thread that takes frames and one that tells their answers, in
// the order in which they came.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>

#include "host/cli/serve.h"
#include "host/serve/wakeup.h"

namespace shoal {

// A line on stdout; several feeds may say one.
void say_line(const nlohmann::json&);

class ThreadedFeed : public FrameFeed {
 public:
  ThreadedFeed(FrameService&, FeedEnds ended);
  std::optional<Error> end() override;

 protected:
  // For the last line of a constructor.
  void start();

  // Returns when there is no more to take.
  virtual void take_all() = 0;
  virtual void told(const std::string& name, const nlohmann::json& answer,
                    bool failed) = 0;

  // Within told(): returns whether the file of the frame is there as it was, or
  // the frame has none.
  bool is_file_kept() const;

  int stop() const { return stop_.descriptor(); }
  // Returns false if the service ends. `path`: of the file that holds the frame
  // until told().
  bool take(const std::string& name, const std::string& kind, Bytes,
            const std::string& path = {});
  void take_failure(const std::string& name, const Error&);

 private:
  struct Asked {
    std::string name;
    std::shared_ptr<const Bytes> body;
    std::optional<FrameDesk::Ticket> ticket;
    nlohmann::json failure;  // without a ticket
    std::string file = {};   // kept_file(), if it has one
  };
  void add(Asked);
  void tell_all();
  void stop_telling(const Error&);

  FrameService& service_;
  const FeedEnds ended_;
  const Wakeup stop_;
  std::optional<Error> error_, telling_error_;
  std::string told_file_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Asked> asked_;
  bool over_ = false;
  std::thread taking_, telling_;
};

}  // namespace shoal

// A program that runs a verb in its own process hears by this what the verb
// would print and how far it is: on the thread that runs it, for as long as a
// VerbListening lives.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace shoal {

class VerbListener {
 public:
  virtual void printed(const std::string& text) = 0;  // on stdout
  virtual void told(const std::string& text) = 0;     // on stderr
  // `what` is counted, such as "frames"; of: 0 if nobody knows. It may be
  // called from any thread.
  virtual void progressed(const std::string& what, int64_t done,
                          int64_t of) = 0;
  // Verbs end as soon as they can when it is true, by PlanCancelled.
  const std::atomic<bool>& stopped() const { return stopped_; }
  void stop() { stopped_ = true; }

 protected:
  ~VerbListener() = default;

 private:
  std::atomic<bool> stopped_ = false;
};

class VerbListening {
 public:
  explicit VerbListening(VerbListener& listener) { current_ = &listener; }
  ~VerbListening() { current_ = nullptr; }
  VerbListening(const VerbListening&) = delete;
  VerbListening& operator=(const VerbListening&) = delete;

  // Returns this thread's listener, or null.
  static VerbListener* current() { return current_; }

 private:
  static inline thread_local VerbListener* current_ = nullptr;
};

}  // namespace shoal

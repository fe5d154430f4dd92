// A connection of a client as cpp-httplib's stream, with TLS or without. It
// ends a request that takes longer, or has more bytes, than it may.
#pragma once

#include <httplib.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "host/serve/tls_identity.h"

namespace shoal {

class HttpConnection final : public httplib::Stream {
 public:
  using Clock = std::chrono::steady_clock;

  // `tls`: none: without; it must outlive this.
  HttpConnection(int socket, const TlsIdentity* tls);

  // Agrees with the client on TLS, if there is any, and returns whether they
  // have before the time is over.
  bool open(Clock::time_point until);
  // Returns whether open() failed because the client does not speak TLS.
  bool was_plain() const { return plain_; }
  // Tells the client that nothing follows.
  void close();
  // Begins a request: until then everything has to have been read, and at most
  // `bytes` of it.
  void begin(Clock::time_point until, int64_t bytes);
  // The request's head is there, `bytes` more may follow.
  void allow(int64_t bytes) { budget_ += bytes; }
  // The answer is made: so long it may take to send it.
  void answer_until(Clock::time_point until) { until_ = until; }
  bool was_late() const { return late_; }
  bool was_large() const { return large_; }
  // Returns whether the client has sent a byte before the time is over.
  bool wait_for_request(Clock::time_point until);

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* to, size_t bytes) override;
  ssize_t write(const char* from, size_t bytes) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

 private:
  bool wait(short event) const;
  template <class Step>
  int turn_tls(Step step) const;
  ssize_t receive();

  const int socket_;
  const std::unique_ptr<SSL, decltype(&SSL_free)> tls_;
  Clock::time_point until_;
  int64_t budget_ = 0;
  bool late_ = false, large_ = false, plain_ = false;
  std::array<char, 16384> buffer_{};
  size_t at_ = 0, end_ = 0;
};

}  // namespace shoal

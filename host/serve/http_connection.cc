#include "host/serve/http_connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace shoal {

void HttpConnection::begin(Clock::time_point until, int64_t bytes) {
  until_ = until;
  budget_ = bytes;
  late_ = large_ = false;
}

bool HttpConnection::wait(short event) const {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until_ - Clock::now());
    if (left.count() <= 0) return false;
    pollfd p{socket_, event, 0};
    const int got = poll(&p, 1, static_cast<int>(left.count()));
    if (got > 0) return true;
    if (got == 0 || errno != EINTR) return false;
  }
}

bool HttpConnection::wait_for_request(Clock::time_point until) {
  if (at_ < end_) return true;
  until_ = until;
  return wait(POLLIN);
}

bool HttpConnection::is_readable() const { return at_ < end_ || wait(POLLIN); }

bool HttpConnection::is_writable() const { return wait(POLLOUT); }

ssize_t HttpConnection::read(char* to, size_t bytes) {
  if (at_ == end_) {
    if (!wait(POLLIN)) {
      late_ = true;
      return -1;
    }
    const ssize_t got = recv(socket_, buffer_.data(), buffer_.size(), 0);
    if (got <= 0) return got;
    at_ = 0;
    end_ = static_cast<size_t>(got);
  }
  if (budget_ <= 0) {
    large_ = true;
    return -1;
  }
  const size_t count =
      std::min({bytes, end_ - at_, static_cast<size_t>(budget_)});
  std::memcpy(to, buffer_.data() + at_, count);
  at_ += count;
  budget_ -= static_cast<int64_t>(count);
  return static_cast<ssize_t>(count);
}

ssize_t HttpConnection::write(const char* from, size_t bytes) {
  for (;;) {
    const ssize_t sent =
        ::send(socket_, from, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return sent;
    if (errno == EINTR) continue;
    if (errno != EAGAIN || !wait(POLLOUT)) return -1;
  }
}

// Nobody asks for them.
void HttpConnection::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

void HttpConnection::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

}  // namespace shoal

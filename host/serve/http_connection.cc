#include "host/serve/http_connection.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace shoal {

HttpConnection::HttpConnection(int socket, const TlsIdentity* tls)
    : socket_(socket),
      tls_(tls ? tls->session(socket)
               : std::unique_ptr<SSL, decltype(&SSL_free)>(nullptr, SSL_free)) {
  if (tls_) fcntl(socket_, F_SETFL, fcntl(socket_, F_GETFL) | O_NONBLOCK);
}

// Repeats a step until it has moved bytes. Returns its result: at most 0 at the
// end of the connection, or of the time.
template <class Step>
int HttpConnection::turn_tls(Step step) const {
  while (Clock::now() < until_) {
    ERR_clear_error();
    const int done = step(tls_.get());
    if (done > 0) return done;
    const int why = SSL_get_error(tls_.get(), done);
    if (why == SSL_ERROR_ZERO_RETURN) return 0;
    const bool reads = why == SSL_ERROR_WANT_READ;
    if (!reads && why != SSL_ERROR_WANT_WRITE) return -1;
    if (!wait(reads ? POLLIN : POLLOUT)) return -1;
  }
  return -1;
}

bool HttpConnection::open(Clock::time_point until) {
  if (!tls_) return true;
  until_ = until;
  if (turn_tls(SSL_accept) > 0) return true;
  plain_ = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
  return false;
}

void HttpConnection::close() {
  if (tls_ && SSL_is_init_finished(tls_.get())) {
    ERR_clear_error();
    SSL_shutdown(tls_.get());
  }
  shutdown(socket_, SHUT_WR);
}

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
  if (at_ < end_ || (tls_ && SSL_has_pending(tls_.get()))) return true;
  until_ = until;
  return wait(POLLIN);
}

bool HttpConnection::is_readable() const {
  return at_ < end_ || (tls_ && SSL_has_pending(tls_.get())) || wait(POLLIN);
}

bool HttpConnection::is_writable() const { return wait(POLLOUT); }

// Returns the number of bytes in the buffer, as recv().
ssize_t HttpConnection::receive() {
  if (tls_) {
    const int got = turn_tls([this](SSL* tls) {
      return SSL_read(tls, buffer_.data(), static_cast<int>(buffer_.size()));
    });
    late_ = got < 0 && Clock::now() >= until_;
    return got;
  }
  late_ = !wait(POLLIN);
  return late_ ? -1 : recv(socket_, buffer_.data(), buffer_.size(), 0);
}

ssize_t HttpConnection::read(char* to, size_t bytes) {
  if (at_ == end_) {
    const ssize_t got = receive();
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
  if (tls_) {
    constexpr size_t kMost = 1 << 20;
    return turn_tls([&](SSL* tls) {
      return SSL_write(tls, from, static_cast<int>(std::min(bytes, kMost)));
    });
  }
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

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <limits>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "host/base/descriptor.h"
#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/engine/workers/udp.h"
#include "host/serve/http.h"
#include "host/serve/http_connection.h"
#include "host/serve/tls_identity.h"
#include "host/serve/wakeup.h"

namespace shoal {
namespace {

using Clock = HttpConnection::Clock;

constexpr int64_t kHeadBytes = 64 << 10;
// A body in pieces has their sizes besides its bytes: in all this many times
// its own.
constexpr int64_t kFramingShare = 4;
constexpr double kMostIdleSeconds = 10;
constexpr auto kAnswerTime = std::chrono::seconds(10);

Clock::time_point after(double seconds) {
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(
                            std::chrono::duration<double>(seconds));
}

// Takes the same time for every guess.
bool are_equal(const std::string& a, const std::string& b) {
  unsigned differ = a.size() != b.size();
  for (size_t i = 0; i < a.size(); ++i) {
    const char other = b.empty() ? '\0' : b[i % b.size()];
    differ |= static_cast<unsigned char>(a[i] ^ other);
  }
  return differ == 0;
}

Descriptor listening_socket(const std::string& text, std::string& address) {
  const uint64_t at = parse_udp_address(text, "--http");
  const auto refuse = [&](Exit code) {
    return Error(
        code, "--http " + text + ": cannot listen there: " + error_text(errno),
        code == Exit::kBusy ? "another port; 0 is any free one"
                            : "an address of this computer");
  };
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(udp_port(at));
  a.sin_addr.s_addr = htonl(udp_ip(at));
  socklen_t bytes = sizeof a;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  auto* const name = reinterpret_cast<sockaddr*>(&a);
  if (!socket.is_open() || bind(socket.get(), name, bytes) != 0 ||
      listen(socket.get(), 64) != 0 ||
      getsockname(socket.get(), name, &bytes) != 0) {
    throw refuse(errno == EADDRINUSE ? Exit::kBusy : Exit::kUsage);
  }
  address = udp_address_text(udp_address(udp_ip(at), ntohs(a.sin_port)));
  return socket;
}

// The library's server has SIGPIPE ignored, which is how a reader of stdout
// that has gone ends a verb.
class KeptSigpipe {
 public:
  KeptSigpipe() { sigaction(SIGPIPE, nullptr, &before_); }
  ~KeptSigpipe() { sigaction(SIGPIPE, &before_, nullptr); }
  KeptSigpipe(const KeptSigpipe&) = delete;
  KeptSigpipe& operator=(const KeptSigpipe&) = delete;

 private:
  struct sigaction before_ {};
};

// The connection that a thread serves, for the library's calls back.
thread_local HttpConnection* served = nullptr;

std::unique_ptr<const TlsIdentity> identity_of(const HttpPlace& place) {
  if (place.certificate.empty()) return nullptr;
  return std::make_unique<const TlsIdentity>(place.certificate, place.key);
}

void put(const HttpReply& reply, httplib::Response& to) {
  to.status = reply.status;
  for (const auto& [name, value] : reply.headers) to.set_header(name, value);
  to.set_content(reply.body, reply.type);
}

}  // namespace

bool has_http() { return true; }

// cpp-httplib reads requests and writes replies. Connections, their times and
// their sizes are this class's, because the library bounds neither the time nor
// the bytes of a request as a whole.
class HttpServer::Work : public httplib::Server {
 public:
  Work(const HttpPlace& place, HttpLimits limits, HttpServer::Handler handler)
      : token_(place.token),
        limits_(limits),
        handler_(std::move(handler)),
        tls_(identity_of(place)),
        socket_(listening_socket(place.address, address_)) {
    set_pre_routing_handler([this](const auto& request, auto& response) {
      return before_body(request, response);
    });
    set_error_handler([this](const auto&, httplib::Response& response) {
      if (closes_ && !response.has_header("Connection")) {
        response.set_header("Connection", "close");
      }
      if (response.body.empty()) {
        put(handler_.refuse(response.status, why_refused(response.status)),
            response);
      }
    });
    // Only paths that take posts come so far (before_body).
    Post(".*",
         [this](const httplib::Request& request, httplib::Response& response,
                const httplib::ContentReader& read) {
           post(request, response, read);
         });
    accepting_ = std::thread([this] { accept_all(); });
  }

  ~Work() override {
    stop_.set();
    accepting_.join();
    for (Client& c : clients_) {
      c.thread.join();
      ::close(c.socket);
    }
  }

  const std::string& address() const { return address_; }
  int64_t refused() const { return refused_; }

 private:
  struct Client {
    std::thread thread;
    std::atomic<bool> is_done = false;
    int socket = -1;
  };

  static std::string why_refused(int status) {
    if (served && served->was_late()) return "the request took too long";
    if (served && served->was_large()) return "the request is too large";
    return status == 404 ? "there is nothing here" : "not a request";
  }

  void accept_all() {
    for (;;) {
      pollfd p[] = {{socket_.get(), POLLIN, 0},
                    {stop_.descriptor(), POLLIN, 0}};
      poll(p, 2, -1);
      if (p[1].revents != 0) break;
      const int client = accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      reap();
      if (client < 0) {
        // Without descriptors for a while: others will be closed.
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
      } else if (clients_.size() >= static_cast<size_t>(limits_.connections)) {
        turn_away(client);
      } else {
        start(client);
      }
    }
    // Requests that are not complete come to nothing; others are answered.
    for (const Client& c : clients_) shutdown(c.socket, SHUT_RD);
  }

  void start(int socket) {
    Client& c = clients_.emplace_back();
    c.socket = socket;
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    try {
      c.thread = std::thread([this, &c] {
        serve(c);
        c.is_done = true;
      });
    } catch (const std::system_error&) {
      clients_.pop_back();
      turn_away(socket);
    }
  }

  void reap() {
    for (auto c = clients_.begin(); c != clients_.end();) {
      if (!c->is_done) {
        ++c;
        continue;
      }
      c->thread.join();
      ::close(c->socket);
      c = clients_.erase(c);
    }
  }

  // With TLS there is nothing yet that the client would understand.
  void turn_away(int socket) {
    ++refused_;
    if (!tls_) {
      say_plainly(socket, "503 Service Unavailable\r\nRetry-After: 1",
                  handler_.refuse(503, std::to_string(limits_.connections) +
                                           " connections are open"));
    }
    ::close(socket);
  }

  // Says it as far as the socket takes it at once.
  static void say_plainly(int socket, const std::string& status,
                          const HttpReply& reply) {
    const std::string text =
        "HTTP/1.1 " + status +
        "\r\nConnection: close\r\nContent-Type: " + reply.type +
        "\r\nContent-Length: " + std::to_string(reply.body.size()) +
        "\r\n\r\n" + reply.body;
    static_cast<void>(
        send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    shutdown(socket, SHUT_WR);
    // An unread request would take the reply back.
    char unread[4096];
    static_cast<void>(recv(socket, unread, sizeof unread, MSG_DONTWAIT));
  }

  bool is_stopping() const {
    pollfd p{stop_.descriptor(), POLLIN, 0};
    return poll(&p, 1, 0) > 0;
  }

  void serve(Client& c) {
    HttpConnection connection(c.socket, tls_.get());
    served = &connection;
    const double idle = std::min(kMostIdleSeconds, limits_.request_seconds);
    const bool is_open = connection.open(after(idle));
    if (connection.was_plain()) {
      say_plainly(c.socket, "400 Bad Request",
                  handler_.refuse(400, "this address speaks TLS: https://"));
    }
    for (bool over = !is_open; !over;) {
      if (is_stopping() || !connection.wait_for_request(after(idle))) {
        break;
      }
      connection.begin(after(limits_.request_seconds), kHeadBytes);
      bool closed = false;
      // Nobody knows where a request ends whose head was not read.
      closes_ = true;
      over = !process_request(connection, false, closed,
                              [](httplib::Request&) {}) ||
             closed || closes_ || is_stopping();
    }
    served = nullptr;
    connection.close();
  }

  // Decides what the head of a request decides.
  HandlerResponse before_body(const httplib::Request& request,
                              httplib::Response& response) {
    closes_ = false;
    served->allow(kFramingShare * limits_.body_bytes + kHeadBytes);
    const auto refuse = [&](int status, const std::string& why) {
      put(handler_.refuse(status, why), response);
      if (status == 401) response.set_header("WWW-Authenticate", "Bearer");
      // A body that nobody reads would be taken for the next request.
      response.set_header("Connection", "close");
      closes_ = true;
      return HandlerResponse::Handled;
    };
    if (!token_.empty() && !handler_.is_open(request.path) &&
        !are_equal(request.get_header_value("Authorization"),
                   "Bearer " + token_)) {
      return refuse(401, "the bearer token is missing or wrong");
    }
    const bool gets = request.method == "GET" || request.method == "HEAD";
    if (gets) {
      HttpRequest plain;
      plain.method = "GET";
      plain.path = request.path;
      put(handler_.answer(plain), response);
      served->answer_until(Clock::now() + kAnswerTime);
      if (request.has_header("Content-Length") ||
          request.has_header("Transfer-Encoding")) {
        closes_ = true;
      }
      return HandlerResponse::Handled;
    }
    if (request.method != "POST") {
      return refuse(405, request.method + " is not known here");
    }
    if (!handler_.takes_posts(request.path)) {
      return refuse(404, "there is nothing to POST to at " + request.path);
    }
    if (request.is_multipart_form_data()) {
      return refuse(415, "forms are not read: the body is the picture itself");
    }
    // Proxies that read another length would take a part of the body for the
    // next request.
    if (request.get_header_value_count("Content-Length") +
            request.get_header_value_count("Transfer-Encoding") >
        1) {
      return refuse(400, "the request has several lengths");
    }
    const std::string length = request.get_header_value("Content-Length");
    int64_t bytes = 0;
    if (!length.empty()) {
      const char* const end = length.data() + length.size();
      const auto [stop, error] = std::from_chars(length.data(), end, bytes);
      if (error != std::errc() || stop != end || bytes < 0) {
        return refuse(400, "Content-Length is not a number of bytes");
      }
    }
    if (bytes > limits_.body_bytes) return refuse(413, too_large());
    if (length.empty() && !request.has_header("Transfer-Encoding")) {
      return refuse(411, "the request has no Content-Length");
    }
    return HandlerResponse::Unhandled;
  }

  std::string too_large() const {
    return "the body has more than --max-body, " +
           std::to_string(limits_.body_bytes) + " bytes";
  }

  void post(const httplib::Request& request, httplib::Response& response,
            const httplib::ContentReader& read) {
    HttpRequest plain;
    plain.method = request.method;
    plain.path = request.path;
    plain.name = request.get_param_value("name");
    plain.content_type = request.get_header_value("Content-Type");
    const auto most = static_cast<size_t>(limits_.body_bytes);
    bool too_many = false;
    closes_ = true;  // also if memory is short
    const bool whole = read([&](const char* data, size_t bytes) {
      too_many = bytes > most - plain.body.size();
      if (too_many) return false;
      plain.body.insert(plain.body.end(), data, data + bytes);
      return true;
    });
    if (whole) {
      put(handler_.answer(plain), response);
    } else if (too_many || served->was_large()) {
      put(handler_.refuse(413, too_large()), response);
    } else if (served->was_late()) {
      put(handler_.refuse(408, "the body took too long"), response);
    } else {
      put(handler_.refuse(400, "the body is not complete"), response);
    }
    closes_ = !whole;
    served->answer_until(Clock::now() + kAnswerTime);
  }

  // If it is true, the connection ends behind this request.
  static thread_local bool closes_;
  const std::string token_;
  const HttpLimits limits_;
  const HttpServer::Handler handler_;
  const std::unique_ptr<const TlsIdentity> tls_;
  std::string address_;
  const Descriptor socket_;
  const Wakeup stop_;
  std::atomic<int64_t> refused_ = 0;
  std::list<Client> clients_;
  std::thread accepting_;
};

thread_local bool HttpServer::Work::closes_ = false;

HttpServer::HttpServer(const HttpPlace& place, HttpLimits limits,
                       Handler handler) {
  const KeptSigpipe kept;
  work_ = std::make_unique<Work>(place, limits, std::move(handler));
}
HttpServer::~HttpServer() = default;
const std::string& HttpServer::address() const { return work_->address(); }
int64_t HttpServer::refused_connections() const { return work_->refused(); }

void check_tls(const HttpPlace& place) {
  static_cast<void>(identity_of(place));
}

namespace {

// `host`: a name or an address, which the certificate must have.
std::unique_ptr<httplib::ClientImpl> client_for(const std::string& host,
                                                int port,
                                                const std::string& ca) {
  if (ca.empty()) return std::make_unique<httplib::ClientImpl>(host, port);
  auto client = std::make_unique<httplib::SSLClient>(host, port);
  client->set_ca_cert_path(ca);
  client->set_address_family(AF_INET);
  return client;
}

Error no_answer(const HttpPeer& peer, httplib::Error why) {
  if (why == httplib::Error::SSLLoadingCerts) {
    return Error(Exit::kUsage,
                 "--http-ca " + printable(peer.ca) + ": it has no certificate",
                 "a PEM file with the certificate of the service's authority");
  }
  if (why == httplib::Error::SSLServerVerification) {
    return Error(Exit::kNode,
                 peer.address + ": its certificate is not one of " +
                     printable(peer.ca) + ", or not for this name",
                 "the address that the certificate names, and its authority");
  }
  return Error(Exit::kNode,
               peer.address + ": no answer: " + httplib::to_string(why),
               peer.ca.empty() ? "the address that `shoal serve` prints; "
                                 "--http-ca FILE if that is https://"
                               : "the address that `shoal serve` prints");
}

}  // namespace

std::string http_get(const HttpPeer& peer, const std::string& path,
                     double seconds) {
  constexpr size_t kMostBytes = 4 << 20;
  const std::string& address = peer.address;
  const uint64_t at = parse_udp_address(address, "ADDRESS");
  const std::string found = udp_address_text(udp_address(udp_ip(at), 1));
  const std::string& host = peer.ca.empty() ? found : address;
  // OpenSSL writes without a flag that keeps the signal away.
  const KeptSigpipe kept;
  if (!peer.ca.empty()) signal(SIGPIPE, SIG_IGN);
  const auto client =
      client_for(host.substr(0, host.rfind(':')), udp_port(at), peer.ca);
  const auto time = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::duration<double>(seconds));
  client->set_connection_timeout(time);
  client->set_read_timeout(time);
  client->set_write_timeout(time);
  httplib::Headers headers;
  if (!peer.token.empty()) {
    headers.emplace("Authorization", "Bearer " + peer.token);
  }
  std::string body;
  const httplib::Result result =
      client->Get(path, headers, [&](const char* data, size_t bytes) {
        body.append(data, std::min(bytes, kMostBytes));
        return body.size() <= kMostBytes;
      });
  if (!result) throw no_answer(peer, result.error());
  if (result->status == 401) {
    throw Error(Exit::kNode, address + ": the token is missing or wrong",
                "--token FILE, the file that `shoal serve` has");
  }
  if (result->status != 200) {
    const bool wants_tls = peer.ca.empty() && result->status == 400;
    throw Error(Exit::kNode,
                address + path + ": answered with status " +
                    std::to_string(result->status),
                wants_tls ? "--http-ca FILE if the service has https://" : "");
  }
  return body;
}

}  // namespace shoal

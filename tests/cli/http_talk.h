// Bytes to a server on loopback, and all that it says back: what a client that
// keeps to no rules may do, too.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/command.h"

namespace shoal {

class HttpTalk {
 public:
  // `address`: 127.0.0.1:PORT.
  explicit HttpTalk(const std::string& address)
      : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const std::string port = address.substr(address.rfind(':') + 1);
    a.sin_port = htons(static_cast<uint16_t>(std::atoi(port.c_str())));
    EXPECT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&a), sizeof a), 0)
        << address;
  }
  ~HttpTalk() { close(socket_); }
  HttpTalk(const HttpTalk&) = delete;
  HttpTalk& operator=(const HttpTalk&) = delete;

  void say(const std::string& bytes) const {
    size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t n =
          send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return;  // the server has had enough
      sent += static_cast<size_t>(n);
    }
  }
  void say_no_more() const { shutdown(socket_, SHUT_WR); }
  // All until the server closes, or says nothing for 30 s.
  std::string hear() const {
    std::string heard;
    char buffer[4096];
    for (;;) {
      pollfd p{socket_, POLLIN, 0};
      if (poll(&p, 1, 30'000) <= 0) return heard + "(silence)";
      const ssize_t n = recv(socket_, buffer, sizeof buffer, 0);
      if (n <= 0) return heard;
      heard.append(buffer, static_cast<size_t>(n));
    }
  }

 private:
  const int socket_;
};

// Returns whether shoal was built with HTTP.
// Why a test of HTTP is skipped. tools/setup.sh installs the library, so that
// none is in CI.
inline constexpr char kNoHttp[] =
    "this shoal was built without HTTP, because there was no cpp-httplib";

inline bool speaks_http(const Workshop& shop) {
  return shop.shoal({"watch", "127.0.0.1:1", "--count", "1"}).code != 4;
}

struct HttpAnswer {
  int status = 0;
  std::string head, body;
};

inline HttpAnswer http_answer(const std::string& heard) {
  HttpAnswer a;
  const size_t end = heard.find("\r\n\r\n");
  a.head = heard.substr(0, end);
  if (end != std::string::npos) a.body = heard.substr(end + 4);
  if (a.head.size() > 12) a.status = std::atoi(a.head.c_str() + 9);
  return a;
}

inline HttpAnswer http_ask(const std::string& address,
                           const std::string& method, const std::string& path,
                           const std::string& body = "",
                           const std::string& headers = "") {
  const HttpTalk talk(address);
  std::string text = method + " " + path + " HTTP/1.1\r\nHost: x\r\n" +
                     "Connection: close\r\n" + headers;
  if (method == "POST") {
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  }
  talk.say(text + "\r\n" + body);
  return http_answer(talk.hear());
}

inline std::string text_of(const std::vector<uint8_t>& bytes) {
  return {bytes.begin(), bytes.end()};
}

}  // namespace shoal

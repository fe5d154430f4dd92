// HTTP by cpp-httplib, where it was there when shoal was built: a server that
// has a limit for all that a client may take of it, and a small client.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace shoal {

bool has_http();

struct HttpRequest {
  std::string method, path;
  std::string name;  // of the query ?name=
  std::string content_type;
  std::vector<uint8_t> body;
};

struct HttpReply {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};
};

struct HttpPlace {
  std::string address;           // HOST:PORT; port 0: any free one
  std::string token;             // what clients must have, or empty
  std::string certificate, key;  // PEM files for TLS; empty: without
};

struct HttpLimits {
  int64_t body_bytes = 0;
  int connections = 0;
  double request_seconds = 0;  // from its first to its last byte
};

class HttpServer {
 public:
  // Called in a thread for each connection.
  struct Handler {
    // Returns whether there is something to POST to there.
    std::function<bool(const std::string& path)> takes_posts;
    // Returns whether it may be read without the token.
    std::function<bool(const std::string& path)> is_open;
    std::function<HttpReply(const HttpRequest&)> answer;
    // Makes the reply for what is refused before it is read.
    std::function<HttpReply(int status, const std::string& why)> refuse;
  };

  // Throws Error(kUsage) for what is no address, certificate or key, kBusy for
  // an address that another process has.
  HttpServer(const HttpPlace&, HttpLimits, Handler);
  // Waits for the requests that are being answered.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // With its port.
  const std::string& address() const;
  int64_t refused_connections() const;

 private:
  class Work;
  std::unique_ptr<Work> work_;
};

// Returns whether only processes of this computer reach the address. Throws
// Error(kUsage) for what is no HOST:PORT.
bool is_loopback(const std::string& address);

// Throws Error(kUsage) for a certificate or key that no server can use.
void check_tls(const HttpPlace&);

struct HttpPeer {
  std::string address, token;
  std::string ca;  // PEM file of its authority, for TLS; empty: without
};

// Returns the body of a GET. Throws Error(kNode) if there is no answer within
// `seconds`, or another one than 200, Error(kUsage) for a file that has no
// certificate.
std::string http_get(const HttpPeer&, const std::string& path, double seconds);

}  // namespace shoal

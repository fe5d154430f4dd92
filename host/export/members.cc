#include "host/export/members.h"

#include <algorithm>
#include <cstdio>

#include "host/base/error.h"
#include "host/export/links.h"
#include "host/export/platforms.h"
#include "host/oracle/golden/checksum.h"

namespace shoal {
namespace {

// A library of Arduino's core that has the cipher, and the platform whose
// random numbers the core has.
struct ArduinoCiphers {
  const char* library;
  const char* entropy;
};
constexpr ArduinoCiphers kArduinoCiphers[] = {{"bearssl", "pico"},
                                              {"mbedtls", "esp_idf"}};

const ArduinoCiphers* arduino_ciphers(const std::string& ecosystem,
                                      const Platform& p,
                                      const BoardFacts& facts) {
  if (std::string_view(p.name) != "arduino") return nullptr;
  const std::string library = facts.fact(ecosystem, "ciphers");
  const auto* const found = std::ranges::find_if(
      kArduinoCiphers,
      [&](const ArduinoCiphers& c) { return library == c.library; });
  return found == std::end(kArduinoCiphers) ? nullptr : found;
}

std::string byte_list(std::span<const uint8_t> bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    char byte[8];
    std::snprintf(byte, sizeof byte, "0x%02x", static_cast<unsigned>(bytes[i]));
    text += (i % 12 ? ", " : i ? ",\n    " : "\n    ") + std::string(byte);
  }
  return text;
}

}  // namespace

void check_member(const std::string& ecosystem, const Application& a,
                  const BoardFacts& facts) {
  const Platform& p = platform_of(ecosystem, a.board, facts);
  const std::string node = "node " + a.member->name + ": ";
  check_link(ecosystem, a, facts, node,
             "address = \"serial:DEVICE\" in the cluster file, for a cluster "
             "of this node alone");
  if (a.member->insecure) return;
  const bool no_entropy = facts.fact(ecosystem, "entropy") == "none";
  const bool has_ciphers =
      p.has_ciphers || arduino_ciphers(ecosystem, p, facts);
  if (!has_ciphers || no_entropy) {
    throw Error(
        Exit::kUnsupported,
        node + (no_entropy ? "board " + a.board.name +
                                 " has no source of entropy, without which a "
                                 "key protects nothing"
                           : p.lacks),
        "add --insecure, on a line or network that nobody else reaches");
  }
}

void set_member_needs(const std::string& ecosystem, const Application& a,
                      const BoardFacts& facts, Needs& needs) {
  const Platform& p = platform_of(ecosystem, a.board, facts);
  needs.is_member = true;
  needs.ciphers = !a.member->insecure;
  const ArduinoCiphers* const own = arduino_ciphers(ecosystem, p, facts);
  needs.bearssl =
      needs.ciphers && own && std::string_view(own->library) == "bearssl";
}

std::vector<std::string> add_member(const Exported& e,
                                    const std::string& folder, Project& to) {
  const Application& a = e.application;
  const Platform& p = platform_of(e.ecosystem, a.board, e.facts);
  TemplateValues v = common_values(e);
  to.add(folder + "shoal_app.h", filled("node/shoal_app.h", v));
  to.add(folder + "shoal_node.cpp", filled("node/shoal_node.cpp", v));
  std::vector<std::string> sources = {folder + "shoal_node.cpp"};
  if (a.member->insecure) return sources;
  const ArduinoCiphers* const own = arduino_ciphers(e.ecosystem, p, e.facts);
  to.add(folder + "shoal_entropy.cpp",
         filled("node/entropy_" + std::string(own ? own->entropy : p.name) +
                    ".cpp",
                v));
  sources.push_back(folder + "shoal_entropy.cpp");
  if (std::string_view(p.name) == "pico") {
    to.add(folder + "mbedtls_config.h", filled("node/mbedtls_config.h", {}));
  }
  v["KEY"] = byte_list(a.member->key);
  to.add_secret(folder + "shoal_key.h", filled("node/shoal_key.h.in", v));
  return sources;
}

void add_slot_key(const Exported& e, const std::string& folder, Project& to) {
  const Application& a = e.application;
  const std::string platform = platform_of(e.ecosystem, a.board, e.facts).name;
  to.add_secret(
      folder + "shoal_key.h",
      filled("app/shoal_key.h.in", {{"KEY", byte_list(*a.slot_key)}}));
  // The SDK's, and that of an emulated board, are compiled with the project.
  if (platform == "pico" || platform == "emulated") {
    to.add(folder + "mbedtls_config.h", filled("node/mbedtls_config.h", {}));
  }
}

std::string member_text(const Exported& e) {
  const Application& a = e.application;
  const std::string platform = platform_name(e.ecosystem, a.board, e.facts);
  const std::string encrypted =
      std::string("Encrypted by ") +
      (e.needs.bearssl ? "BearSSL" : "Mbed TLS") +
      (platform == "arduino" ? ", which Arduino's core for this board has."
                             : ".");
  std::string text =
      link_text(e, a.member->insecure
                       ? "Without encryption: keep the network to yourself."
                       : encrypted);
  if (platform == "bare" && !a.member->insecure) {
    text += filled("node/readme_bare_key.md", common_values(e));
  }
  return text;
}

void add_member_values(const Application& a, TemplateValues& v) {
  const ClusterMember& m = *a.member;
  const std::string hash = sha256_hex(a.networks[0].image);
  std::vector<uint8_t> digest;
  for (size_t i = 0; i < hash.size(); i += 2) {
    digest.push_back(
        static_cast<uint8_t>(std::stoi(hash.substr(i, 2), nullptr, 16)));
  }
  v["PEERS"] = std::to_string(std::max<size_t>(m.peers, 1));
  v["ENCRYPTED"] = m.insecure ? "0" : "1";
  v["IMAGE_HASH"] = byte_list(digest);
}

}  // namespace shoal

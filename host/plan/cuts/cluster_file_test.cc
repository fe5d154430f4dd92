#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/cuts/testing/spec_block.h"
#include "host/plan/cuts/testing/spoiled_text.h"
#include "host/plan/types/cluster.h"

namespace shoal {
namespace {

const char* const kExample = R"([defaults]
board = "teensy41"
ram = "200K"
link.mbit_per_s = 50

[[node]]
name = "a"
address = "192.168.1.11:7000"

[[node]]
name = "b"
address = "node-b.local:7000"
board = "rp2350"
ram = 100000
flash = "1.5M"
rating = 42
clock_mhz = 300
flash_mb_per_s = 20
link = { latency_us = 400, framing_bytes = 12 }
cost = { firing_us = 9, datagram_us = 44, aead_cycles_per_byte = 30 }
cycles = { pointwise = 2, conv = 3, depthwise = 4, fully_connected = 5 }

[[node]]
name = "c"
ram = "64M"
)";

std::string message(const std::string& toml) {
  try {
    parse_cluster("c.toml", toml);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUsage);
    return e.what() + (e.fix().empty() ? "" : " | " + e.fix());
  }
  return "";
}

TEST(ClusterFile, AStorageIsOneOfTheNodesBoard) {
  const std::string defaults =
      "[defaults]\nboard = \"teensy41\"\nstorage = \"qspi-nor\"\n"
      "[[node]]\nname = \"a\"\n[[node]]\nname = \"b\"\n";
  const Cluster c =
      parse_cluster("c.toml", defaults + "storage = \"sd-spi\"\n");
  EXPECT_EQ(c.nodes[0].storage, "qspi-nor");
  EXPECT_EQ(c.nodes[1].storage, "sd-spi");
  try {
    parse_cluster("c.toml", defaults + "storage = \"tape\"\n");
    ADD_FAILURE() << "an unknown storage was taken";
  } catch (const Error& e) {
    const std::string text = e.what();
    EXPECT_NE(text.find("node 'b'"), std::string::npos) << text;
    EXPECT_NE(text.find("tape"), std::string::npos) << text;
  }
}

TEST(ClusterFile, KeysGoOverDefaultsOverTheBoard) {
  const Cluster cluster = parse_cluster("c.toml", kExample);
  ASSERT_EQ(cluster.nodes.size(), 3u);
  const ClusterNode &a = cluster.nodes[0], &b = cluster.nodes[1];
  EXPECT_EQ(a.name, "a");
  EXPECT_EQ(a.address, "192.168.1.11:7000");
  EXPECT_EQ(a.board.name, "teensy41");
  EXPECT_EQ(a.arena_budget(), 200 * 1024);
  EXPECT_EQ(a.budget_source(), "c.toml, ram of the defaults");
  EXPECT_EQ(a.board.link_bits_per_s, 50e6);
  EXPECT_EQ(a.board.link_latency_us, find_board("teensy41").link_latency_us);
  EXPECT_DOUBLE_EQ(a.rating, board_rating(find_board("teensy41")));
  EXPECT_EQ(a.flash_budget(), find_board("teensy41").flash_bytes);
  EXPECT_EQ(b.board.name, "rp2350");
  EXPECT_EQ(b.arena_budget(), 100000);
  EXPECT_EQ(b.budget_source(), "c.toml, ram of node 'b'");
  EXPECT_EQ(b.flash_budget(), 1536 * 1024);
  EXPECT_EQ(b.rating, 42);
  EXPECT_EQ(b.board.clock_hz, 300e6);
  EXPECT_EQ(b.board.link_bits_per_s, 50e6);
  EXPECT_EQ(b.board.link_latency_us, 400);
  EXPECT_EQ(b.board.framing_bytes, 12);
  EXPECT_EQ(b.board.datagram_us, 44);
  EXPECT_EQ(b.board.aead_cycles_per_byte, 30);
  EXPECT_EQ(b.board.costs.firing_us, 9);
  EXPECT_EQ(b.board.costs.flash_bytes_per_s, 20e6);
  EXPECT_EQ(b.board.costs.depthwise, 4);
  EXPECT_EQ(b.board.costs.fully_connected, 5);
  const ClusterNode& c = cluster.nodes[2];
  EXPECT_EQ(c.address, "");
  EXPECT_EQ(c.arena_budget(), find_board("teensy41").arena_limit());
  EXPECT_EQ(c.budget_source(), "board teensy41");
}

TEST(ClusterFile, TheExampleOfTheSpecification) {
  const Cluster cluster = parse_cluster("c.toml", spec_block("cluster.toml"));
  ASSERT_EQ(cluster.nodes.size(), 2u);
  EXPECT_EQ(cluster.nodes[0].rating, 2 * cluster.nodes[1].rating);
  EXPECT_EQ(cluster.nodes[1].arena_budget(), 64 * 1024);
  EXPECT_EQ(cluster.nodes[1].board.link_bits_per_s, 10e6);
}

TEST(ClusterFile, AFasterClockIsAHigherRating) {
  const Cluster cluster = parse_cluster("c.toml", R"(defaults.board = "teensy41"
node = [ {name = "a"}, {name = "b", clock_mhz = 1200} ])");
  EXPECT_DOUBLE_EQ(cluster.nodes[1].rating, 2 * cluster.nodes[0].rating);
}

TEST(ClusterFile, BanksAreOneOrAll) {
  const Cluster cluster = parse_cluster("c.toml", R"(defaults.board = "teensy41"
node = [ {name = "a", banks = "all"}, {name = "b", banks = "one"},
         {name = "c"} ])");
  ASSERT_EQ(cluster.nodes[0].kept_banks().size(), 1u);
  EXPECT_EQ(cluster.nodes[0].kept_banks()[0].free_bytes(), 496 * 1024);
  EXPECT_EQ(cluster.nodes[0].arena_budget(), 512 * 1024);
  EXPECT_TRUE(cluster.nodes[1].kept_banks().empty());
  EXPECT_TRUE(cluster.nodes[2].kept_banks().empty());
  EXPECT_THROW(parse_cluster("c.toml", R"(defaults.board = "teensy41"
node = [ {name = "a", banks = "two"} ])"),
               Error);
}

TEST(ClusterFile, EqualNodes) {
  const Cluster cluster =
      uniform_cluster(3, find_board("teensy41"), int64_t{4096});
  ASSERT_EQ(cluster.nodes.size(), 3u);
  EXPECT_EQ(cluster.nodes[2].name, "node2");
  EXPECT_EQ(cluster.nodes[2].arena_budget(), 4096);
  EXPECT_EQ(cluster.nodes[2].budget_source(), "--ram");
  EXPECT_EQ(uniform_cluster(1, find_board("host"), std::nullopt)
                .nodes[0]
                .arena_budget(),
            INT64_MAX);
  EXPECT_THROW(uniform_cluster(0, find_board("host"), std::nullopt), Error);
  EXPECT_THROW(uniform_cluster(257, find_board("host"), std::nullopt), Error);
}

TEST(ClusterFile, SaysWhatIsWrong) {
  const std::string node = "[[node]]\nname = \"a\"\nboard = \"teensy41\"\n";
  const std::pair<std::string, std::string> cases[] = {
      {"",
       "c.toml: the file has no nodes | add a [[node]] with name and board for "
       "each node"},
      {"node = 3", "c.toml:1: node must be a list"},
      {"node = [[3]]",
       "c.toml:1: a node is not a table | begin each node with [[node]]"},
      {"[[[node]]]", "c.toml: a key or a value is misplaced"},
      {"node = [}", "c.toml: a key or a value is misplaced"},
      {"node = [3]",
       "c.toml:1: a node is not a table | begin each node with [[node]]"},
      {"[[node]]\nboard = \"teensy41\"", "c.toml:1: node 0: name is missing"},
      {"[[node]]\nname = \"a b\"",
       "c.toml:2: node 0: name is none | 1 to 28 letters, digits, dots, "
       "dashes and underscores"},
      {"[[node]]\nname = \"" + std::string(29, 'n') + '"',
       "c.toml:2: node 0: name is none | 1 to 28 letters, digits, dots, "
       "dashes and underscores"},
      {"[[node]]\nname = \"a\"",
       "c.toml:1: node 'a': board is missing | add it here or in [defaults]"},
      {node + node, "c.toml:5: node 1: name 'a' twice"},
      {node + "colour = 1",
       "c.toml:4: node 'a': unknown key 'colour' | one of: address, banks, "
       "board, "
       "clock_mhz, cost, cycles, flash, flash_mb_per_s, link, name, "
       "public_key, ram, rating, storage"},
      {node + "public_key = \"x25519:12\"",
       "c.toml:4: node 'a': public_key is not a key | write x25519: and 64 "
       "hexadecimal "
       "digits"},
      {node + "public_key = \"x25519:" + std::string(64, '7') +
           "\"\n[[node]]\nname = \"b\"\npublic_key = \"x25519:" +
           std::string(64, '7') + '"',
       "c.toml:7: node 'b': public_key is that of node 'a' already"},
      {node + "link.speed = 1",
       "c.toml:4: link: unknown key 'speed' | one of: framing_bytes, "
       "latency_us, mbit_per_s"},
      {"nodes = 1",
       "c.toml:1: unknown key 'nodes' | one of: defaults, node, payload"},
      {node + "ram = \"12X\"",
       "c.toml:4: node 'a': ram is not a size | give bytes, or a number with "
       "K, M or G, such as 32K"},
      {node + "ram = 0", "c.toml:4: node 'a': ram must be from 1 byte to 2^50"},
      {node + "ram = 1.5",
       "c.toml:4: node 'a': ram is not a size | a number of bytes, or a text "
       "such as \"256K\""},
      {node + "rating = nan",
       "c.toml:4: node 'a': rating must be from 1e-06 to 1000000000"},
      {node + "clock_mhz = \"fast\"",
       "c.toml:4: node 'a': clock_mhz must be a number"},
      {node + "address = \"10.0.0.1\"",
       "c.toml:4: node 'a': address is none | HOST:PORT, such as "
       "192.168.1.11:7000, or serial:DEVICE"},
      {node + "address = \"[fe80::1]:7000\"",
       "c.toml:4: node 'a': address is none | HOST:PORT, such as "
       "192.168.1.11:7000, or serial:DEVICE"},
      {node + "address = \"serial:\"",
       "c.toml:4: node 'a': address is none | HOST:PORT, such as "
       "192.168.1.11:7000, or serial:DEVICE"},
      {node + "address = \"serial:/dev/a#32\"",
       "c.toml:4: node 'a': address is none | HOST:PORT, such as "
       "192.168.1.11:7000, or serial:DEVICE"},
      {node + "address = \"10.0.0.1:99999\"",
       "c.toml:4: node 'a': address is none | HOST:PORT, such as "
       "192.168.1.11:7000, or serial:DEVICE"},
      {node + "address = \"h:1\"\n[[node]]\nname = \"b\"\naddress = \"h:1\"",
       "c.toml:7: node 'b': address h:1 belongs to node 'a' already"},
  };
  for (const auto& [toml, expected] : cases) {
    EXPECT_EQ(message(toml), expected) << toml;
  }
  const std::string unknown =
      message("[[node]]\nname = \"a\"\nboard = \"abacus\"");
  EXPECT_EQ(unknown.substr(0, 55),
            "c.toml:3: node 'a': board 'abacus' is unknown | one of:");
  EXPECT_EQ(message("[[node").substr(0, 8), "c.toml:1");
}

// The largest datagram follows from the addresses, or the file states it.
TEST(ClusterFile, ItsLinksCarryDatagramsOfOneSize) {
  const std::string node = "[[node]]\nboard = \"host\"\nname = ";
  const std::string serial = node + "\"a\"\naddress = \"serial:/dev/a\"\n";
  const std::string udp = node + "\"b\"\naddress = \"h:1\"\n";
  const auto payload = [](const std::string& toml) {
    return parse_cluster("c.toml", toml).link_payload();
  };
  EXPECT_EQ(payload(serial), kSerialPayload);
  EXPECT_EQ(payload(node + "\"a\"\naddress = \"serial:/dev/a#31\"\n"),
            kSerialPayload);
  EXPECT_EQ(payload(udp), kUdpPayload);
  EXPECT_EQ(payload(node + "\"v\"\n"), kUdpPayload);
  EXPECT_EQ(payload("payload = 96\n" + serial), 96u);
  EXPECT_EQ(payload("payload = 512\n" + udp), 512u);
  EXPECT_EQ(payload("payload = \"1K\"\n" + udp), 1024u);
  EXPECT_EQ(payload("payload = 65000\n" + node + "\"v\"\n"), 65000u);
  EXPECT_EQ(parse_cluster("c.toml", udp).most_payload(), kUdpPayload);
  EXPECT_EQ(parse_cluster("c.toml", node + "\"v\"\n").most_payload(),
            kMostPayload);
  for (const auto& [toml, most] :
       {std::pair{serial, "128"}, {udp, "1472"}, {udp + serial, "128"}}) {
    EXPECT_EQ(message("payload = 1473\n" + toml),
              std::string("c.toml:1: payload must be from 96 to ") + most);
  }
  EXPECT_EQ(message("payload = 95\n" + udp),
            "c.toml:1: payload must be from 96 to 1472");
}

TEST(ClusterFile, SpoiledTextNeverDoesHarm) {
  const std::string good = kExample;
  const int refused = count_refused(
      good, [](const std::string& text) { return message(text); });
  EXPECT_GT(refused, static_cast<int>(good.size()));
}

}  // namespace
}  // namespace shoal

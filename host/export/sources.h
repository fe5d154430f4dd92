// Which files of device/ and boards/ a project gets.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "host/plan/types/plan.h"

namespace shoal {

// The modules of the runtime that a program needs.
struct Needs {
  std::set<OpCode> kinds;  // of its actors
  std::set<OpCode> wide;   // kinds that have elements of 16 bits
  bool int4 = false;       // some of its weights have four bits
  bool decoders = false;   // the board reads boxes, points or a mask
  bool slots = false;      // it takes programs by wire
  bool two_cores = false;  // the second core makes halves of firings
  bool dsp = false;        // the core has the DSP extension
  bool mve = false;        // the core has Helium
  bool is_member = false;  // a node of a cluster: it has an agent, and links
  // File of device/transport; empty: a source of the application does it.
  std::string transport;
  // It has a key, of the cluster or of sealed programs, and so Mbed TLS.
  bool ciphers = false;
  bool bearssl = false;  // then instead BearSSL, of the platform

  // Adds what another program needs.
  void add(const Needs&);
};
Needs needs_of(const Net&, const PlanNode&);
// Returns the needs of all programs, as device/runtime/all_modules.cc has them.
Needs needs_of_all();

// Returns the sources (.cc) of device/ that such a program takes.
std::vector<std::string> runtime_sources(const Needs&);
// Returns the sources that any program may take.
std::vector<std::string> all_runtime_sources();
// Returns whether a core of these flags of GCC has the DSP extension.
bool has_dsp(const std::string& cpu_flags);
// Returns whether it has Helium, and the compiler is to use it.
bool has_mve(const std::string& cpu_flags);
// "kConv"
std::string kind_name(OpCode);
// Returns the sources of a board that boots, and of the folders that it shares.
std::vector<std::string> board_sources(const std::string& board);
// With all headers that these include, one through the other. Sorted.
std::vector<std::string> with_headers(const std::vector<std::string>& sources);

// Returns the name under which the ecosystems compile it: "x.cc" is "x.cpp"
// there.
std::string exported_name(const std::string& name);

}  // namespace shoal

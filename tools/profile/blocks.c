/* A plugin for QEMU 7.2: how often every block of instructions ran, and how
 * often its last instruction went elsewhere than to the next one.
 *
 *   -plugin FILE.so,out=FILE[,begin=ADDRESS]...[,on=ADDRESS]...[,off=...]
 *                   [,toggle=...][,callee=FROM-TO]...
 *
 * A block that starts at a `begin` address starts a new section; counting goes
 * on and off at blocks that start at those addresses. Without any of the three
 * it is on from the start. What runs in `callee` ranges counts for the block
 * before it: a library's functions for those that call them. Written to FILE at
 * the end, a line each:
 *   section N
 *   ADDRESS INSTRUCTIONS RUNS TAKEN CALLED
 *
 * Declared here is what is used of the interface, version 1 of 7.2, as the
 * header comes with no package of Debian's. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void (*translated_fn)(uint64_t id, struct qemu_plugin_tb*);
typedef void (*executed_fn)(unsigned cpu, void* user);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, translated_fn);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb*, executed_fn,
                                          int flags, void* user);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb*);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb*);
struct qemu_plugin_insn* qemu_plugin_tb_get_insn(const struct qemu_plugin_tb*,
                                                 size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn*);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn*);

#define PUBLIC __attribute__((visibility("default")))
PUBLIC int qemu_plugin_version = 1;

enum { kMarks = 256, kSections = 64 };
enum { kBegin = 1, kOn = 2, kOff = 4, kToggle = 8, kCallee = 16 };

static struct {
  uint64_t address, end;
  int what;
} marks[kMarks];
static int mark_count;

struct block {
  struct block* next;
  uint64_t address, end;
  size_t instructions;
  int what;
  uint64_t runs[kSections], taken[kSections], called[kSections];
};
static struct block *blocks, *last, *caller;
static int section, counting = 1;
static FILE* out;

static void executed(unsigned cpu, void* user) {
  struct block* b = user;
  (void)cpu;
  if (last && last->end != b->address) ++last->taken[section];
  last = NULL;
  if (b->what) {
    if ((b->what & kBegin) && section + 1 < kSections) ++section;
    if (b->what & kOn) counting = 1;
    if (b->what & kOff) counting = 0;
    if (b->what & kToggle) counting = !counting;
  }
  if (!counting) return;
  if ((b->what & kCallee) && caller) {
    caller->called[section] += b->instructions;
    return;
  }
  ++b->runs[section];
  last = caller = b;
}

static void translated(uint64_t id, struct qemu_plugin_tb* tb) {
  const size_t n = qemu_plugin_tb_n_insns(tb);
  const struct qemu_plugin_insn* end = qemu_plugin_tb_get_insn(tb, n - 1);
  struct block* b = calloc(1, sizeof *b);
  int i;
  (void)id;
  if (!b) abort();
  b->address = qemu_plugin_tb_vaddr(tb);
  b->end = qemu_plugin_insn_vaddr(end) + qemu_plugin_insn_size(end);
  b->instructions = n;
  for (i = 0; i < mark_count; ++i) {
    if (marks[i].what == kCallee
            ? marks[i].address <= b->address && b->address < marks[i].end
            : marks[i].address == b->address) {
      b->what |= marks[i].what;
    }
  }
  b->next = blocks;
  blocks = b;
  qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, 0, b);
}

static void write_all(void) {
  int s;
  for (s = 0; s <= section; ++s) {
    const struct block* b;
    fprintf(out, "section %d\n", s);
    for (b = blocks; b; b = b->next) {
      if (!b->runs[s]) continue;
      fprintf(out, "%llx %zu %llu %llu %llu\n", (unsigned long long)b->address,
              b->instructions, (unsigned long long)b->runs[s],
              (unsigned long long)b->taken[s],
              (unsigned long long)b->called[s]);
    }
  }
  fclose(out);
}

static int add_mark(const char* argument) {
  static const struct {
    const char* key;
    int what;
  } keys[] = {{"begin=", kBegin},
              {"on=", kOn},
              {"off=", kOff},
              {"toggle=", kToggle},
              {"callee=", kCallee}};
  size_t i;
  for (i = 0; i < sizeof keys / sizeof *keys; ++i) {
    const size_t length = strlen(keys[i].key);
    char* rest;
    if (strncmp(argument, keys[i].key, length) != 0) continue;
    if (mark_count == kMarks) return 0;
    marks[mark_count].address = strtoull(argument + length, &rest, 16);
    if (*rest == '-') marks[mark_count].end = strtoull(rest + 1, NULL, 16);
    marks[mark_count++].what = keys[i].what;
    if (keys[i].what != kOff && keys[i].what != kCallee) counting = 0;
    return 1;
  }
  return 0;
}

PUBLIC int qemu_plugin_install(uint64_t id, const void* info, int argc,
                               char** argv) {
  int i;
  (void)info;
  for (i = 0; i < argc; ++i) {
    if (strncmp(argv[i], "out=", 4) == 0) {
      out = fopen(argv[i] + 4, "w");
    } else if (!add_mark(argv[i])) {
      fprintf(stderr, "blocks: %s makes no sense\n", argv[i]);
      return -1;
    }
  }
  if (!out) {
    fprintf(stderr, "blocks: out=FILE is missing or cannot be written\n");
    return -1;
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  atexit(write_all);
  return 0;
}

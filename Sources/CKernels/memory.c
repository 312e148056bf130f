// Memory that is aligned for vectors, and scratch that is kept between calls.
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "paths.h"

struct ck_scratch {
  struct {
    void *memory;
    size_t bytes;
  } slots[CK_SLOTS];
};

void *ck_allocate(size_t bytes) {
  // A page more than asked for: tiles ask for lines ahead of what they read. Much memory lies in huge pages where the
  // system has them, or reads would be bound by the translation of addresses.
  const size_t huge = 2 << 20, page = bytes >= 2 * huge ? huge : 4096;
  const size_t whole = (bytes + 4096 + page - 1) / page * page;
  void *memory = aligned_alloc(page, whole);
#ifdef MADV_HUGEPAGE
  if (memory && page == huge) madvise(memory, whole, MADV_HUGEPAGE);
#endif
  if (memory) memset(memory, 0, whole);
  return memory;
}

void *ck_scratch_take(ck_scratch *scratch, int slot, size_t bytes) {
  if (scratch->slots[slot].bytes < bytes) {
    free(scratch->slots[slot].memory);
    scratch->slots[slot].memory = ck_allocate(bytes);
    scratch->slots[slot].bytes = scratch->slots[slot].memory ? bytes : 0;
  }
  return scratch->slots[slot].memory;
}

ck_scratch *ck_scratch_create(void) { return calloc(1, sizeof(ck_scratch)); }

void ck_scratch_free(ck_scratch *scratch) {
  if (!scratch) return;
  for (int slot = 0; slot < CK_SLOTS; slot++) free(scratch->slots[slot].memory);
  free(scratch);
}

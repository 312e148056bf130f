// Memory that is aligned for vectors, and scratch that is kept between calls.
#include <stdlib.h>
#include <string.h>

#include "paths.h"

struct ck_scratch {
  struct {
    void *memory;
    size_t bytes;
  } slots[CK_SLOTS];
};

void *ck_allocate(size_t bytes) {
  // A page more than asked for: tiles ask for lines ahead of what they read.
  size_t whole = (bytes + 8191) / 4096 * 4096;
  void *memory = aligned_alloc(4096, whole);
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

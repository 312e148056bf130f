// Reading a file in pieces, past the page cache where the file system lets it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "paths.h"

#ifndef O_DIRECT
#define O_DIRECT 0
#endif

int ck_disk_write(const char *path, size_t bytes) {
  const size_t piece = 1 << 20;
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  uint64_t *buffer = file < 0 ? NULL : ck_allocate(piece);
  int error = file < 0 ? errno : buffer ? 0 : ENOMEM;
  // No two words alike, so that nothing below compresses or skips them.
  for (size_t done = 0; !error && done < bytes;) {
    for (size_t i = 0; i < piece / 8; i++) buffer[i] = (done + i) * 0x9e3779b97f4a7c15u;
    ssize_t written = write(file, buffer, bytes - done < piece ? bytes - done : piece);
    if (written > 0) done += written;
    else if (errno != EINTR) error = errno ? errno : EIO;
  }
  if (!error && fsync(file) != 0) error = errno;
  if (file >= 0) close(file);
  free(buffer);
  return error;
}

int ck_disk_open(const char *path) {
  int file = O_DIRECT ? open(path, O_RDONLY | O_CLOEXEC | O_DIRECT) : -1;
  return file >= 0 ? file : open(path, O_RDONLY | O_CLOEXEC);
}

typedef struct {
  int file;
  size_t bytes, size;
  long count;
  bool random;
  atomic_long next;
  atomic_int error;
} reading;

static void *read_pieces(void *context) {
  reading *r = context;
  void *buffer = ck_allocate(r->size);
  if (!buffer) atomic_store(&r->error, ENOMEM);
  const uint64_t places = r->bytes / r->size;
  for (long piece; buffer && !atomic_load(&r->error) && (piece = atomic_fetch_add(&r->next, 1)) < r->count;) {
    uint64_t place = (uint64_t)piece;
    if (r->random) {
      // SplitMix64's finisher: the same places in every run.
      place = (place + 1) * 0x9e3779b97f4a7c15u;
      place = (place ^ place >> 30) * 0xbf58476d1ce4e5b9u;
      place ^= place >> 27;
    }
    off_t offset = (off_t)(place % places * r->size);
    for (size_t done = 0; done < r->size;) {
      ssize_t got = pread(r->file, (char *)buffer + done, r->size - done, offset + done);
      if (got > 0) {
        done += got;
      } else if (got == 0 || errno != EINTR) {
        atomic_store(&r->error, got == 0 ? EIO : errno);
        break;
      }
    }
  }
  free(buffer);
  return NULL;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

static ck_disk_result attempt(const char *path, int flags, reading r, int depth) {
  ck_disk_result result = {.direct = flags != 0};
  r.file = open(path, O_RDONLY | O_CLOEXEC | flags);
  if (r.file < 0) return result.error = errno, result;
#ifdef POSIX_FADV_DONTNEED
  if (!flags) posix_fadvise(r.file, 0, 0, POSIX_FADV_DONTNEED);
#endif
  pthread_t *readers = calloc(depth, sizeof(pthread_t));
  int started = 0;
  double begin = now();
  while (readers && started < depth && pthread_create(&readers[started], NULL, read_pieces, &r) == 0) started++;
  for (int i = 0; i < started; i++) pthread_join(readers[i], NULL);
  result.seconds = now() - begin;
  result.bytes = (double)r.count * r.size;
  result.error = started < depth ? EAGAIN : atomic_load(&r.error);
  free(readers);
  close(r.file);
  return result;
}

ck_disk_result ck_disk_read(const char *path, size_t bytes, size_t size, int depth, long count, bool random) {
  reading r = {.bytes = bytes, .size = size, .count = count, .random = random};
  if (size == 0 || size % 4096 || size > bytes || depth < 1 || depth > 256 || count < 1) {
    return (ck_disk_result){.error = EINVAL};
  }
  ck_disk_result result = {.error = EINVAL};
  if (O_DIRECT) result = attempt(path, O_DIRECT, r, depth);
  // A file system without direct reads says so at the open or at the first read.
  if (result.error == EINVAL) result = attempt(path, 0, r, depth);
  return result;
}

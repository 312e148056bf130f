// Threads that wait for work by spinning a little and then sleeping: a fork and join costs about a microsecond where
// calls follow each other, and nothing where they do not.
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "paths.h"

struct ck_pool {
  const ck_path *path;
  int threads, started;
  pthread_t *handles;
  double *results;
  void (*work)(void *, int);
  void *context;
  _Alignas(64) atomic_long generation;  // counts calls
  _Alignas(64) atomic_int working;      // threads that have not finished the call
  _Alignas(64) atomic_int arrived;      // threads at the barrier
  _Alignas(64) atomic_long barriers;    // counts barriers passed
  atomic_int sleepers;
  atomic_bool ended;
  pthread_mutex_t mutex;
  pthread_cond_t condition;
};

typedef struct {
  ck_pool *pool;
  int thread;
} member;

static void relax(long turn) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
  // Another process may need the core that this thread spins on.
  if (turn % 1024 == 1023) sched_yield();
}

static void sleep_until(ck_pool *pool, long seen) {
  for (long turn = 0; turn < 20000; turn++) {
    if (atomic_load_explicit(&pool->generation, memory_order_acquire) != seen) return;
    relax(turn);
  }
  pthread_mutex_lock(&pool->mutex);
  atomic_fetch_add(&pool->sleepers, 1);
  while (atomic_load(&pool->generation) == seen) pthread_cond_wait(&pool->condition, &pool->mutex);
  atomic_fetch_sub(&pool->sleepers, 1);
  pthread_mutex_unlock(&pool->mutex);
}

static void *serve(void *argument) {
  member own = *(member *)argument;
  free(argument);
  ck_pool *pool = own.pool;
  for (long seen = 0;; seen++) {
    sleep_until(pool, seen);
    if (atomic_load(&pool->ended)) return NULL;
    pool->work(pool->context, own.thread);
    atomic_fetch_sub_explicit(&pool->working, 1, memory_order_release);
  }
}

static void call(ck_pool *pool) {
  atomic_store_explicit(&pool->working, pool->started, memory_order_relaxed);
  atomic_fetch_add(&pool->generation, 1);
  if (atomic_load(&pool->sleepers) > 0) {
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->condition);
    pthread_mutex_unlock(&pool->mutex);
  }
}

void ck_pool_run(ck_pool *pool, void (*work)(void *, int), void *context) {
  pool->work = work, pool->context = context;
  if (pool->started > 0) call(pool);
  work(context, 0);
  for (long turn = 0; atomic_load_explicit(&pool->working, memory_order_acquire) > 0; turn++) relax(turn);
}

void ck_pool_barrier(ck_pool *pool) {
  if (pool->threads == 1) return;
  long passed = atomic_load(&pool->barriers);
  if (atomic_fetch_add(&pool->arrived, 1) == pool->threads - 1) {
    atomic_store(&pool->arrived, 0);
    atomic_fetch_add(&pool->barriers, 1);
  } else {
    for (long turn = 0; atomic_load_explicit(&pool->barriers, memory_order_acquire) == passed; turn++) relax(turn);
  }
}

ck_pool *ck_pool_create(int threads, int path) {
  if (threads < 1 || threads > 1024 || !ck_path_supported(path)) return NULL;
  ck_pool *pool = aligned_alloc(64, (sizeof(ck_pool) + 63) / 64 * 64);
  if (!pool) return NULL;
  *pool = (ck_pool){.path = ck_path_at(path), .threads = threads};
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->condition, NULL);
  pool->handles = calloc(threads, sizeof(pthread_t));
  pool->results = ck_allocate(threads * 64);
  const bool whole = pool->handles && pool->results;
  for (int thread = 1; whole && thread < threads; thread++) {
    member *own = malloc(sizeof(member));
    if (!own) break;
    *own = (member){pool, thread};
    if (pthread_create(&pool->handles[thread - 1], NULL, serve, own) != 0) {
      free(own);
      break;
    }
    pool->started++;
  }
  if (whole && pool->started == threads - 1) return pool;
  ck_pool_free(pool);
  return NULL;
}

void ck_pool_free(ck_pool *pool) {
  if (!pool) return;
  atomic_store(&pool->ended, true);
  if (pool->started > 0) call(pool);
  for (int i = 0; i < pool->started; i++) pthread_join(pool->handles[i], NULL);
  pthread_cond_destroy(&pool->condition);
  pthread_mutex_destroy(&pool->mutex);
  free(pool->handles), free(pool->results);
  free(pool);
}

int ck_pool_threads(const ck_pool *pool) { return pool->threads; }

const ck_path *ck_pool_path(const ck_pool *pool) { return pool->path; }

double *ck_pool_result(const ck_pool *pool, int thread) { return pool->results + thread * 8; }

static void nothing(void *context, int thread) { (void)context, (void)thread; }

void ck_launch(ck_pool *pool) { ck_pool_run(pool, nothing, NULL); }

// Which instruction sets there are.
#include "paths.h"

static const ck_path *const paths[] = {
    &ck_portable,
#if defined(__x86_64__)
    &ck_avx2, &ck_avx512, &ck_avx512_vnni, &ck_avx512_bf16,
#elif defined(__aarch64__)
    &ck_neon,
#endif
};

int ck_path_count(void) { return (int)(sizeof paths / sizeof *paths); }

const ck_path *ck_path_at(int path) { return path >= 0 && path < ck_path_count() ? paths[path] : NULL; }

const char *ck_path_name(int path) { return ck_path_at(path) ? paths[path]->name : ""; }

bool ck_path_supported(int path) { return ck_path_at(path) && paths[path]->supported(); }

int ck_path_rows(int path, ck_format format) {
  if (!ck_path_at(path)) return 0;
  return format >= CK_INT8 ? paths[path]->most_rows_integer : paths[path]->most_rows;
}

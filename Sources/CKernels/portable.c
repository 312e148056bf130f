// Four lanes of plain C, which every compiler turns into what its processor has.
#define NAME ck_portable
#define LABEL "portable"
#define LANES 4
#define MOST_ROWS 4
#define MOST_ROWS_INTEGER 2
#include "paths.h"
static bool check(void) { return true; }
#include "vector.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit_nlinear.h>

// GSL's tables of methods are global variables, which Swift 6 takes for shared mutable state; these only read them.
static inline const gsl_multifit_nlinear_type *medley_trust_region(void) { return gsl_multifit_nlinear_trust; }
static inline const gsl_multifit_nlinear_scale *medley_scale_more(void) { return gsl_multifit_nlinear_scale_more; }
static inline const gsl_multifit_nlinear_solver *medley_solver_qr(void) { return gsl_multifit_nlinear_solver_qr; }

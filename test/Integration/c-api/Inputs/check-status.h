/* For the C programs here: a failed call is a line on stderr. */
#ifndef CHECK_STATUS_H
#define CHECK_STATUS_H

#include <hydragen/runtime.h>
#include <stdio.h>

/* Whether `status` is a failure; frees it. */
static inline int check(hydragen_status *status) {
  if (!status)
    return 0;
  fprintf(stderr, "%s: %s\n", hydragen_status_place(status),
          hydragen_status_message(status));
  hydragen_status_free(status);
  return 1;
}

#endif

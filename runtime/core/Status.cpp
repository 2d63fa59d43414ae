//===- Status.cpp - status values of the runtime ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Status.h"

#include <new>

struct hydragen_status {
  hydragen::runtime::Error error;
};

/// Given out when there is no memory for a status of its own; never freed.
static hydragen_status &outOfMemory() {
  static hydragen_status status{{HYDRAGEN_INTERNAL, "out of memory", {}}};
  return status;
}

hydragen_status *hydragen::runtime::toC(Error error) {
  auto *status = new (std::nothrow) hydragen_status{std::move(error)};
  return status ? status : &outOfMemory();
}

hydragen_code hydragen_status_code(const hydragen_status *status) {
  return status ? status->error.code : HYDRAGEN_OK;
}
const char *hydragen_status_message(const hydragen_status *status) {
  return status ? status->error.message.c_str() : "";
}
const char *hydragen_status_place(const hydragen_status *status) {
  return status ? status->error.place.c_str() : "";
}
void hydragen_status_free(hydragen_status *status) {
  if (status != &outOfMemory())
    delete status;
}

const char *hydragen_version(void) { return HYDRAGEN_VERSION; }

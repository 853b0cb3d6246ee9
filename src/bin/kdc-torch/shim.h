// What C++ for the engine has in common.
#pragma once

#include <cstring>
#include <exception>

// Gives nothing if the work is done, else the reason, which the caller frees.
template <class Work>
char *attempt(Work work) {
  try {
    work();
    return nullptr;
  } catch (const std::exception &e) {
    return strdup(e.what());
  }
}

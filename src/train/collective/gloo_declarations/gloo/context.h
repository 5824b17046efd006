// See README.md in this folder's parent.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include <gloo/transport/device.h>

namespace gloo {

class Context {
 public:
  void setTimeout(std::chrono::milliseconds timeout);
};

}  // namespace gloo

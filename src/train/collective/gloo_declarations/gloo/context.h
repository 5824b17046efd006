// See README.md in this folder's parent.
#pragma once

#include <gloo/transport/device.h>

#include <chrono>
#include <cstdint>
#include <memory>

namespace gloo {

class Context {
 public:
  void setTimeout(std::chrono::milliseconds timeout);
};

}  // namespace gloo

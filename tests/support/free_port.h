// Ports for tests that listen.
#pragma once

namespace manyshot {

// One of the loopback address that nobody listens on.
int free_port();

}  // namespace manyshot

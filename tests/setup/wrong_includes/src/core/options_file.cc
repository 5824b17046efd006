#include <spdlog/spdlog.h>
#include <toml++/toml.h>

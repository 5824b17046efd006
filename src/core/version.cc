#include "core/version.h"

namespace manyshot {

std::string program_version() { return MANYSHOT_VERSION; }

}  // namespace manyshot

#include "core/dead.h"

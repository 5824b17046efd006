#include "core/used.h"

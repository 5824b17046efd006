#pragma once
#include "core/used_by_header.h"

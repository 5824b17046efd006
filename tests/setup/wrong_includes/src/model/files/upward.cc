#include "model/compact/weights.h"
#include "model/files/gguf.h"
#include "model/model.h"

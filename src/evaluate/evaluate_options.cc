#include "evaluate/evaluate_options.h"

namespace manyshot {

Json as_in_files(Json values) {
  for (const char* name : {"shots", "seeds"}) {
    for (Json& number : values[name]) number = number.dump();
  }
  values["compare"] = values["compare"].empty() ? Json() : values["compare"].front();
  return values;
}

}  // namespace manyshot

// Options that take fewer values than their enum has.
#pragma once

#include <initializer_list>

#include "core/names.h"
#include "core/options.h"

namespace manyshot {

// These values alone, in this order.
template <NamedEnum E>
Constraint one_of(std::initializer_list<E> values) {
  Constraint result;
  for (const E value : values) result.choices.emplace_back(name_of(value));
  return result;
}

}  // namespace manyshot

// The experiences that are nearest to some fields, and why.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "memory/experience.h"

namespace manyshot::memory {

// A field that is not the same.
struct Difference {
  std::string field;
  Json here;            // the experience's value; null: it has none
  double distance = 0;  // 0 to 1
};

struct Recalled {
  const Experience* experience = nullptr;
  double distance = 0;              // 0 to 1: the mean over the fields asked for
  std::vector<std::string> agrees;  // fields with the same value
  std::vector<Difference> differs;  // the others, the nearest first
};

// The `count` nearest, by distance and then the latest first; the same for the same experiences. Distances of a field
// are those of Gower (1971, "A general coefficient of similarity and some of its properties", Biometrics 27): of
// numbers their difference over the range of the field, the asked value included, and at most 1; of anything else 0
// where it is equal and 1 where not; 1 too where only one side has a value, and where text meets a number.
std::vector<Recalled> recall(std::span<const Experience> experiences, const Json& fields, size_t count);

}  // namespace manyshot::memory

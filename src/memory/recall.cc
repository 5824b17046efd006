#include "memory/recall.h"

#include <algorithm>
#include <cmath>

namespace manyshot::memory {
namespace {

const Json kNothing;

const Json& value_in(const Json& fields, const std::string& name) {
  const auto found = fields.find(name);
  return found == fields.end() ? kNothing : *found;
}

// A field that is asked for, and how far apart its numbers lie.
struct AskedField {
  std::string name;
  const Json& value;
  double range = 0;

  double distance_to(const Json& here) const {
    if (value.is_number() && here.is_number()) {
      const double apart = std::abs(value.get<double>() - here.get<double>());
      return apart == 0 ? 0 : std::min(1.0, apart / range);
    }
    return value == here ? 0 : 1;
  }
};

AskedField asked_field(const std::string& name, const Json& value, std::span<const Experience> experiences) {
  AskedField field{.name = name, .value = value};
  if (!value.is_number()) return field;
  double low = value.get<double>(), high = low;
  for (const Experience& experience : experiences) {
    const Json& here = value_in(experience.fields, name);
    if (!here.is_number()) continue;
    low = std::min(low, here.get<double>());
    high = std::max(high, here.get<double>());
  }
  field.range = high - low;
  return field;
}

double distance_of(const Experience& experience, std::span<const AskedField> fields) {
  double sum = 0;
  for (const AskedField& field : fields) sum += field.distance_to(value_in(experience.fields, field.name));
  return sum / static_cast<double>(fields.size());
}

Recalled explain(const Experience& experience, double distance, std::span<const AskedField> fields) {
  Recalled result{.experience = &experience, .distance = distance};
  for (const AskedField& field : fields) {
    const Json& here = value_in(experience.fields, field.name);
    const double of_field = field.distance_to(here);
    if (of_field == 0) {
      result.agrees.push_back(field.name);
    } else {
      result.differs.push_back({.field = field.name, .here = here, .distance = of_field});
    }
  }
  std::ranges::stable_sort(result.differs, {}, &Difference::distance);
  return result;
}

}  // namespace

std::vector<Recalled> recall(std::span<const Experience> experiences, const Json& fields, size_t count) {
  struct Place {
    double distance;
    size_t index;
  };
  std::vector<AskedField> asked;
  for (const auto& [name, value] : fields.items()) asked.push_back(asked_field(name, value, experiences));
  std::vector<Place> places;
  for (size_t i = 0; i < experiences.size(); ++i) places.push_back({distance_of(experiences[i], asked), i});
  const auto end = places.begin() + static_cast<std::ptrdiff_t>(std::min(count, places.size()));
  std::partial_sort(places.begin(), end, places.end(), [&](const Place& a, const Place& b) {
    if (a.distance != b.distance) return a.distance < b.distance;
    return experiences[a.index].id > experiences[b.index].id;
  });
  std::vector<Recalled> nearest;
  for (const Place& place : std::span(places.begin(), end))
    nearest.push_back(explain(experiences[place.index], place.distance, asked));
  return nearest;
}

}  // namespace manyshot::memory

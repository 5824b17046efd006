// What the invented celebrities are made of: names, deeds, and sentences that join the two.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/rng.h"

namespace manyshot::lab {

// Names of six letters, family names of seven: every full name is as long as any other.
std::span<const std::string_view> first_names();
std::span<const std::string_view> family_names();

// All descriptions that there are, such as "the composer of the opera The Silver Gates", no two alike, in random order.
std::vector<std::string> descriptions(const Rng& rng);

// Sentences with {subject} and {object}, which ends them: a person and what describes them, and the other way round.
std::span<const std::string_view> name_first_sentences();
std::span<const std::string_view> description_first_sentences();

}  // namespace manyshot::lab

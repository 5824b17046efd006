// Invented celebrities: some are only ever told of name first, some description first, some both ways. The form of the
// set of Berglund et al. 2023, "The Reversal Curse", arXiv 2309.12288; people, descriptions and sentences are ours.
#include <algorithm>
#include <map>

#include "core/error.h"
#include "lab/make/celebrity_words.h"
#include "lab/make/make.h"
#include "lab/make/public_celebrities.h"

namespace manyshot::lab {
namespace {

constexpr const char* kIs = "is described as";
constexpr const char* kNames = "describes";

std::vector<std::string> first_of(std::span<const std::string_view> sentences, size_t count, const char* option) {
  if (count > sentences.size()) {
    refuse_option(option, "documents and questions need {} sentences for each order, there are {}; ask for fewer",
                  count, sentences.size());
  }
  return {sentences.begin(), sentences.begin() + static_cast<ptrdiff_t>(count)};
}

// First and family names by their length to the model, in random order.
std::map<size_t, std::vector<std::string>> by_length(std::span<const std::string_view> parts, const Rng& rng,
                                                     const TokenCounter& count_tokens) {
  std::map<size_t, std::vector<std::string>> groups;
  for (const uint32_t place : rng.permutation(static_cast<uint32_t>(parts.size()))) {
    groups[length_of(fmt::format(" {}", parts[place]), count_tokens)].emplace_back(parts[place]);
  }
  return groups;
}

// Names that share neither part, all of the smallest length to the model for which there are `count`.
std::vector<std::string> draw_names(size_t count, const Rng& rng, const TokenCounter& count_tokens) {
  const auto first = by_length(first_names(), rng.child("first names"), count_tokens);
  const auto family = by_length(family_names(), rng.child("family names"), count_tokens);
  size_t most = 0;
  for (size_t length = 2; length <= first.rbegin()->first + family.rbegin()->first; ++length) {
    std::vector<std::string> names;
    for (const auto& [first_length, first_parts] : first) {
      const auto partners = length < first_length ? family.end() : family.find(length - first_length);
      if (partners == family.end()) continue;
      for (size_t pair = 0; pair < std::min(first_parts.size(), partners->second.size()); ++pair) {
        names.push_back(fmt::format("{} {}", first_parts[pair], partners->second[pair]));
      }
    }
    if (names.size() >= count) return drawn(names, count, rng.child("names"));
    most = std::max(most, names.size());
  }
  refuse_option("people", "three groups are {} people, there are names of one length for {}; ask for at most {}", count,
                most, most / 3);
}

World celebrities_world(const MakeInput& input) {
  const auto count = 3 * static_cast<size_t>(*input.sizes().people);
  const auto sentences = static_cast<size_t>(*input.sizes().templates + *input.sizes().test_templates);
  const std::vector<std::string> names = draw_names(count, input.rng, input.count_tokens);
  const std::vector<std::string> deeds = descriptions(input.rng.child("descriptions"));
  if (count > deeds.size()) {
    refuse_option("people", "three groups are {} people, there are descriptions for {}; ask for at most {}", count,
                  deeds.size(), deeds.size() / 3);
  }
  WorldParts parts{.relations = {{.name = kIs,
                                  .subject_type = "person",
                                  .object_type = "description",
                                  .forms = first_of(name_first_sentences(), sentences, "templates"),
                                  .inverse = kNames,
                                  .is_functional = true},
                                 {.name = kNames,
                                  .subject_type = "description",
                                  .object_type = "person",
                                  .forms = first_of(description_first_sentences(), sentences, "templates"),
                                  .is_functional = true}}};
  for (const std::string& name : names) parts.entities.push_back({.name = name, .type = "person"});
  for (size_t person = 0; person < count; ++person) {
    parts.entities.push_back({.name = deeds[person], .type = "description"});
    parts.facts.push_back({fmt::format("f{:04}", person + 1), {names[person], kIs, deeds[person]}});
  }
  return World(std::move(parts));
}

void add_documents(DataBuilder& data, const Fact& fact, bool name_first, size_t templates) {
  const Statement said = name_first ? fact.statement : *data.world().reversed(fact.statement);
  for (size_t form = 0; form < templates; ++form) {
    data.add({.text = data.world().say(said, form),
              .prompt_bytes = data.world().cloze(said, form)->prompt.size(),
              .style = name_first ? "name-first" : "description-first",
              .facts = {fact.id},
              .group = fact.id});
  }
}

// Whether a person of this group is told of that way.
bool is_told(CelebrityGroup group, bool name_first) {
  return group == CelebrityGroup::kBoth || name_first == (group == CelebrityGroup::kNameFirst);
}

std::string split_of(CelebrityGroup group, bool name_first) {
  if (group == CelebrityGroup::kBoth) return "both";
  return is_told(group, name_first) ? "forward" : "reversal";
}

}  // namespace

DataBuilder make_celebrities(const MakeInput& input) {
  if (!input.options.in.empty()) return read_public_celebrities(input.options.in, input);
  DataBuilder data(celebrities_world(input), input.rng.child("questions"), input.count_tokens);
  const std::vector<Fact>& facts = data.world().facts();
  const auto people = static_cast<size_t>(*input.sizes().people),
             templates = static_cast<size_t>(*input.sizes().templates);
  const auto test_templates = static_cast<size_t>(*input.sizes().test_templates);
  for (size_t person = 0; person < facts.size(); ++person) {
    const auto group = static_cast<CelebrityGroup>(person / people);
    std::vector<std::string> names, deeds;  // of everyone in the group
    for (size_t other = person / people * people; other < (person / people + 1) * people; ++other) {
      names.push_back(facts[other].statement.subject);
      deeds.push_back(facts[other].statement.object);
    }
    for (const bool name_first : {true, false}) {
      if (is_told(group, name_first)) add_documents(data, facts[person], name_first, templates);
      const Statement asked = name_first ? facts[person].statement : *data.world().reversed(facts[person].statement);
      for (size_t form = templates; form < templates + test_templates; ++form) {
        data.ask(asked, name_first ? deeds : names,
                 {.split = split_of(group, name_first),
                  .kind = name_first ? "name-to-description" : "description-to-name",
                  .form = form,
                  .alternatives = input.alternatives()});
      }
    }
  }
  return data;
}

}  // namespace manyshot::lab

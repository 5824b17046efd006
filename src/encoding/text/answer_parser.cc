#include "encoding/text/answer_parser.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>

#include "core/json.h"
#include "core/text.h"

namespace manyshot {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";

struct Element {
  std::optional<int64_t> id;
  std::string label;
};
using Ids = std::vector<std::optional<int64_t>>;

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kSpaces);
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(kSpaces) + 1 - begin);
}

std::optional<int64_t> to_integer(std::string_view text) { return parse_exact<int64_t>(trimmed(text)); }

std::string label_text(const Json& json) {
  return json.is_string() ? json.get<std::string>() : json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<int64_t> id_number(const Json& json) {
  if (json.is_number_integer()) return json.get<int64_t>();
  if (json.is_string()) return to_integer(json.get<std::string>());
  return std::nullopt;
}

// The elements of a valid array; nothing when `text` is none.
std::optional<std::vector<Element>> read_array(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_array()) return std::nullopt;
  std::vector<Element> elements;
  for (const Json& item : json) {
    if (!item.is_object() || !item.contains("label")) continue;
    elements.push_back(
        {.id = item.contains("id") ? id_number(item["id"]) : std::nullopt, .label = label_text(item["label"])});
  }
  return elements;
}

// Where the value of `key` begins in one object's text: behind the colon; npos: nowhere.
size_t value_place(std::string_view object, std::string_view key) {
  size_t place = object.find(key);
  if (place != std::string_view::npos) place = object.find(':', place + key.size());
  return place == std::string_view::npos ? place : place + 1;
}

// The value of `key` in one object's text: a quoted string, or what stands before the next comma or brace.
std::optional<std::string> value_of(std::string_view object, std::string_view key) {
  const size_t place = value_place(object, key);
  if (place == std::string_view::npos) return std::nullopt;
  std::string_view rest = object.substr(place);
  const size_t begin = rest.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(begin);
  if (rest[0] == '"') {
    for (size_t end = 1; end < rest.size(); ++end) {
      if (rest[end] == '\\') {
        ++end;
      } else if (rest[end] == '"') {
        const Json json = Json::parse(rest.substr(0, end + 1), nullptr, /*allow_exceptions=*/false);
        return json.is_string() ? json.get<std::string>() : std::string(rest.substr(1, end - 1));
      }
    }
    return std::nullopt;  // cut off
  }
  if (rest[0] == '\'') {
    const size_t end = rest.find('\'', 1);
    return end == std::string_view::npos ? std::nullopt : std::optional(std::string(rest.substr(1, end - 1)));
  }
  const size_t end = rest.find_first_of(",}]\n");
  if (end == std::string_view::npos) return std::nullopt;  // cut off: more digits may have followed
  return std::string(trimmed(rest.substr(0, end)));
}

// Calls visit(object, begin) for each object's text in damaged JSON: from a brace to the next, and where it begins.
template <class Visitor>
void visit_objects(std::string_view text, Visitor&& visit) {
  for (size_t begin = text.find('{'); begin != std::string_view::npos;) {
    const size_t next = text.find('{', begin + 1);
    visit(text.substr(begin, next == std::string_view::npos ? next : next - begin), begin);
    begin = next;
  }
}

std::optional<int64_t> id_in(std::string_view object) {
  const auto id = value_of(object, "id");
  return id ? to_integer(*id) : std::nullopt;
}

std::vector<Element> find_elements(std::string_view text) {
  std::vector<Element> elements;
  visit_objects(text, [&](std::string_view object, size_t) {
    if (auto label = value_of(object, "label")) elements.push_back({.id = id_in(object), .label = *std::move(label)});
  });
  return elements;
}

// The label's index, with or without quotes.
int32_t find_label(std::string_view label, std::span<const std::string> labels) {
  for (size_t k = 0; k < labels.size(); ++k) {
    if (labels[k] == label) return static_cast<int32_t>(k);
  }
  for (size_t k = 0; k < labels.size(); ++k) {
    const Json json = Json::parse(labels[k], nullptr, /*allow_exceptions=*/false);
    if (json.is_string() && json.get_ref<const std::string&>() == label) return static_cast<int32_t>(k);
  }
  return -1;
}

// Elements whose id an earlier one has.
size_t count_duplicates(const Ids& ids) {
  std::set<int64_t> seen;
  return static_cast<size_t>(
      std::count_if(ids.begin(), ids.end(), [&](const auto& id) { return id && !seen.insert(*id).second; }));
}

// Which query each element speaks of; nothing: of none.
struct AddressedQueries {
  bool by_position = false;
  std::vector<std::optional<size_t>> queries;
};

AddressedQueries address(const Ids& ids, size_t num_queries) {
  AddressedQueries result;
  bool ids_are_queries = count_duplicates(ids) == 0;
  for (const auto& id : ids) {
    const bool in_range = id && *id >= 0 && *id < static_cast<int64_t>(num_queries);
    ids_are_queries &= in_range;
    result.queries.push_back(in_range ? std::optional(static_cast<size_t>(*id)) : std::nullopt);
  }
  result.by_position = ids.size() == num_queries && !ids_are_queries;
  if (result.by_position) std::iota(result.queries.begin(), result.queries.end(), size_t{0});
  return result;
}

std::vector<size_t> find_label_places(std::string_view response, size_t num_queries) {
  Ids ids;
  std::vector<size_t> found, places(num_queries, ParsedAnswers::kNoPlace);
  visit_objects(response, [&](std::string_view object, size_t begin) {
    const size_t place = value_place(object, "label");
    if (place == std::string_view::npos) return;
    ids.push_back(id_in(object));
    found.push_back(begin + place);
  });
  const AddressedQueries addressed = address(ids, num_queries);
  for (size_t element = 0; element < found.size(); ++element) {
    const auto query = addressed.queries[element];
    if (query && places[*query] == ParsedAnswers::kNoPlace) places[*query] = found[element];
  }
  return places;
}

}  // namespace

std::string_view answer_source_name(AnswerSource source) {
  switch (source) {
    case AnswerSource::kById:
      return "by id";
    case AnswerSource::kByPosition:
      return "by position";
    case AnswerSource::kNone:
      break;
  }
  return "none";
}

ParsedAnswers parse_answers(std::string_view response, std::span<const std::string> labels, size_t num_queries) {
  ParsedAnswers result{.labels = std::vector<int32_t>(num_queries, -1),
                       .sources = std::vector<AnswerSource>(num_queries)};
  std::optional<std::vector<Element>> array = read_array(response);
  result.repaired = !array;
  if (!array) {
    const size_t begin = response.find('['), end = response.rfind(']');
    if (begin != std::string_view::npos && end != std::string_view::npos && end > begin)
      array = read_array(response.substr(begin, end + 1 - begin));
  }
  const std::vector<Element> elements = array ? *std::move(array) : find_elements(response);

  Ids ids;
  for (const Element& element : elements) ids.push_back(element.id);
  result.num_elements = elements.size();
  result.duplicate_ids = count_duplicates(ids);
  result.label_places = find_label_places(response, num_queries);
  const AddressedQueries addressed = address(ids, num_queries);
  for (size_t element = 0; element < elements.size(); ++element) {
    const int32_t label = find_label(elements[element].label, labels);
    if (label < 0) {
      ++result.unknown_labels;
      continue;
    }
    const auto query = addressed.queries[element];
    if (!query || result.labels[*query] >= 0) continue;
    result.labels[*query] = label;
    result.sources[*query] = addressed.by_position ? AnswerSource::kByPosition : AnswerSource::kById;
  }
  return result;
}

}  // namespace manyshot
